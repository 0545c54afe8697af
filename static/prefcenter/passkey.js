// Asks the browser to make or to show a passkey and sends its answer with the form. No other page of ours has a script.
(() => {
  const form = document.querySelector("[data-passkey]");
  const options = JSON.parse(document.getElementById("passkey-options").textContent);
  const api = window.webauthnJSON;
  if (!api || !api.supported()) return;

  form.hidden = false;
  document.querySelector("[data-without-passkeys]").hidden = true;
  const refused = form.querySelector("[data-refused]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    refused.hidden = true;
    try {
      const making = options.creation_options;
      const answer = making ? await api.create(making) : await api.get(options.request_options);
      form.elements.credential.value = JSON.stringify(answer);
      form.submit();
    } catch {
      // Called off, timed out, or not to be had: browsers tell no page which.
      refused.hidden = false;
    }
  });
})();
