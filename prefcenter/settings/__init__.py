"""All settings, read from the environment (or a .env file), by subject."""

from .accounts import *
from .api import *
from .base import *
from .logs import *
from .mail import *
from .security import *
from .site import *
from .storage import *
