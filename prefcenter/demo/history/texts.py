"""The names of made-up contacts, what they say when they leave, and what staff note. No real person is quoted."""

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

#: By the place of the reason they tick: too many, not relevant, never signed up, something else.
LEFT_BECAUSE = (
    (
        "Once a month would be fine.",
        "Three emails in one week is too much for me.",
        "I liked it when it was a short letter on Sundays.",
        "Zu viele E-Mails, leider.",
        "Trop de messages, surtout en décembre.",
        "Every day something else. I stopped opening them.",
        "Two in one day! Please don't.",
        "I get the same offer twice, once here and once in the newsletter.",
        "Son demasiados correos para mí, lo siento.",
        "Love the shop, but my inbox is full.",
        "Maybe send one summary instead of five separate emails?",
        "It got a lot more since the summer.",
        "One email for each new book is too many. A list once a week, please.",
        "I keep deleting them unread, so I'd rather stop.",
        "Less would be more :)",
        "Once in a while, yes. Four times a week, no.",
        "Muitos e-mails repetidos.",
    ),
    (
        "I moved away and can't come to your readings any more.",
        "The offers are never for what I buy.",
        "My kids are grown up, so no more picture books please.",
        "Ya no me interesa, gracias.",
        "I only wanted the cookbooks.",
        "Nothing against you, I just read less these days.",
        "Only crime novels lately. Where is the poetry?",
        "Ich lese nur noch auf dem E-Reader.",
        "I'd stay for events near me, but these are all in another city.",
        "It was for a birthday present. I don't need it any more.",
        "Je cherche surtout des livres d'occasion.",
    ),
    (
        "I bought one thing and got ten emails.",
        "I don't know where you got my address from.",
        "Ich habe das nie bestellt.",
        "Somebody else must have typed my address.",
        "I only asked for a receipt!",
        "I thought I had unticked the box at the checkout.",
        "My mother uses this address too. I think it was her.",
        "Je ne me suis jamais inscrite à cette liste.",
        "I signed up for events, not for offers.",
    ),
    (
        "Your emails are hard to read on my phone.",
        "The link to the last offer didn't work, twice.",
        "You wrote at three in the morning.",
        "I'm clearing out my inbox, it isn't about you.",
        "メールアドレスを変えました。",
        "The parcel never came and nobody answered.",
        "The light grey text is too pale for my eyes.",
        "I'm on holiday for a while. I may be back.",
        "Changing jobs, this address will be gone.",
        "Mudei de país e não posso mais comprar aí.",
        "Thanks for making this so easy!",
        "Images don't load in my mail program, so I see an empty page.",
    ),
)
MORE = ("Wrong language", "New address", "Privacy", "Too long", "A delivery problem", "Hard to read")
TOLD_THE_STAFF = ("Told us by phone.", "Asked in a reply to a newsletter.", "Said so in the shop.", "By letter.")
BLOCKED_BECAUSE = ("Asked us by letter never to write again.", "A shared mailbox, not a person.", "A test address.")
BOUNCED_BECAUSE = ("550 5.1.1: no such mailbox.", "550 5.1.10: recipient not found.", "554 5.2.1: mailbox disabled.")
LIFTED_BECAUSE = ("The mailbox works again, they called.", "Blocked by mistake.")
REPORTED_BY = ("Reported by Yahoo.", "Reported by Outlook.com.", "Reported by Comcast.", "Reported by Yandex.")
#: What staff note about feedback, and the tags they give it.
NOTES = ("Answered by email.", "Passed on to the shop.", "Fixed with the next issue.", "Nothing we can do.")
TAGS = ("Frequency", "Layout", "Delivery", "Sign-up form", "Praise")
IMPORTED = "unsubscribed-from-the-old-newsletter.csv"
IMPORTED_BY_MISTAKE = "wrong-list.csv"
REFUSED = b"5.1.1 No such user here"
