"""What made-up people are called and what they say when they leave. Nobody real is meant or quoted."""

_FIRST = (
    "ada ahmed aiko alice amara ana anders anika antoine aylin bashir beatriz bob carla chen chloe cleo dan daniel "
    "dilara elena emil emma erik fatima felix finn freya gabriel giulia hana hugo ines ingrid isla ivan jamal jonas "
    "julia kai karin kofi lars leila lena liam lina luca malik mara marta mei milan mira nadia nils nina noah nour "
    "olga omar oscar paula pedro priya rafael rosa ruth sami sara sofia sven tara tariq tom uma vera yara yusuf zoe"
)
_LAST = (
    "abbas adams ali alvarez andersen bauer becker berg brown castro chen cohen costa cruz dubois evans "
    "fischer fontaine garcia gomez haas hansen haddad ito ivanova jansen jensen johnson kaya keller khan kim "
    "klein kowalski kumar lang larsen lee lopez martin mensah meyer miller moreau nakamura nguyen novak okafor "
    "olsen ortiz park patel pereira reed ricci rossi roux russo sato schmidt schulz silva singh smith sousa "
    "suzuki tanaka torres vega wagner weber white wolf wong yamada young"
)
FIRST_NAMES, LAST_NAMES = _FIRST.split(), _LAST.split()

#: By the place of the reason they tick: too many, not interesting, never signed up, something else.
LEFT_BECAUSE = (
    (
        "Once a month would be fine.",
        "Three emails in one week is too much for me.",
        "I liked it better as a short letter on Sundays.",
        "Zu viele E-Mails, leider.",
        "Trop de messages, surtout en décembre.",
        "Something different every day. I stopped reading them.",
    ),
    (
        "I've moved and can't come to your readings anymore.",
        "The offers are never for anything I buy.",
        "My children are grown up, so no more picture books please.",
        "Ya no me interesa, gracias.",
        "I only wanted the cookery books.",
        "Nothing against you, I just read less.",
    ),
    (
        "I bought one thing and got ten emails.",
        "I don't know where you got my address.",
        "Ich habe das nie bestellt.",
        "Someone else must have entered my address.",
        "I only asked for a receipt!",
    ),
    (
        "Your emails are hard to read on my phone.",
        "The link to your last offer didn't work, twice.",
        "You emailed me at three in the morning.",
        "I'm clearing out my inbox, it's not about you.",
        "メールアドレスを変えました。",
        "The package never came and nobody got back to me.",
    ),
)
MORE = ("Wrong language", "Changed my address", "Privacy", "Too long", "Delivery problems")
TOLD_BY_PHONE = ("Told us by phone.", "Asked in a reply to a newsletter.", "Told us in the shop.", "By letter.")
BLOCKED_BECAUSE = ("Asked us by letter never to contact them again.", "Role address, not a person.", "Test address.")
LIFTED_BECAUSE = ("The mailbox works again, they called.", "Blocked by mistake.")
IMPORTED_FROM = "Opt-outs from our previous email tool."
REFUSED = "SMTPRecipientsRefused: {'•••': (550, b'5.1.1 No such user here')}"
AWAY = "ConnectionRefusedError: [Errno 111] Connection refused"
