"""Who may come in: users, passwords, browser sessions and API tokens.

Registration is closed and no default password exists: the first user is made on the command line.
Hashing a password takes a tenth of a second, so it happens outside every transaction.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from activeloop.errors import Conflict, Invalid, NotFound, Unauthenticated
from activeloop.store import accounts, db, trail
from activeloop.store.tables import User

if TYPE_CHECKING:
    from activeloop.store.db import Session
    from activeloop.wiring import Services

ROLES = ("annotator", "reviewer", "engineer", "admin")
"""From the least to the most; each may do what those before it may."""

MIN_PASSWORD = 10
MAX_PASSWORD = 1000
MAX_NAME = 100
IDLE = timedelta(hours=12)
LIFE = timedelta(days=7)
NOTED_EVERY = timedelta(minutes=1)
REFUSED = "The name or the password is wrong."


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has shown who they are."""

    id: int
    name: str
    role: str

    def may(self, role: str) -> bool:
        """Tell whether this account's role is at least `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password's argon2id hash."""

    text: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account and the secret its browser will show from now on."""

    account: Account
    secret: str


def hashed(password: str) -> Hashed:
    """Hash a password with argon2id; about a tenth of a second, so not inside a transaction.

    Raises:
        Invalid: when the password is too short or too long.
    """
    if len(password) < MIN_PASSWORD:
        raise Invalid.field(
            "password", f"has {len(password)} characters.", f"Use {MIN_PASSWORD} or more."
        )
    if len(password) > MAX_PASSWORD:
        raise Invalid.field("password", f"is longer than {MAX_PASSWORD} characters.")
    return Hashed(_hasher().hash(_octets(password)))


def add_user(session: Session, name: str, role: str, password: str | Hashed | None) -> User:
    """Add a user. Without a password the user can only use API tokens.

    Raises:
        Invalid: when name, role or password will not do.
        Conflict: when the name is taken.
    """
    name = _checked_name(name)
    if role not in ROLES:
        raise Invalid.field("role", f"{role!r} is not a role.", f"Use {', '.join(ROLES)}.")
    if accounts.by_name(session, name) is not None:
        raise Conflict(f"There is already a user named {name!r}; choose another name.")
    kept = hashed(password) if isinstance(password, str) else password
    now = db.now(session)
    user = accounts.add(
        session, name=name, role=role, password_hash=kept.text if kept else None, now=now
    )
    trail.note(session, "user.added", user_id=user.id, now=now, role=role)
    return user


def set_password(session: Session, name: str, password: str | Hashed) -> None:
    """Give a user another password and sign them out everywhere."""
    user = named(session, name)
    kept = hashed(password) if isinstance(password, str) else password
    accounts.set_password(session, user.id, kept.text)
    accounts.close_sessions_of(session, user.id)
    trail.note(session, "user.password", user_id=user.id, now=db.now(session))


def disable(session: Session, name: str, *, by: int | None = None) -> User:
    """Lock a user out: sessions end, tokens no longer work; what they labelled stays.

    Raises:
        Conflict: when this would leave no admin.
    """
    user = named(session, name)
    if user.role == "admin" and user.disabled_at is None and accounts.admins(session) == 1:
        raise Conflict(f"{name!r} is the only admin; add another one first.")
    now = db.now(session)
    accounts.set_disabled(session, user.id, now)
    accounts.close_sessions_of(session, user.id)
    trail.note(session, "user.disabled", user_id=by, now=now, name=name)
    user.disabled_at = now
    return user


def ready(session: Session) -> None:
    """Make sure that the database answers and has its tables.

    Raises:
        Transient: when it does not.
    """
    accounts.admins(session)


def users(session: Session) -> list[dict[str, Any]]:
    """List the users, without anything secret."""
    return [user_json(user) for user in accounts.all_(session)]


def user_json(user: User) -> dict[str, Any]:
    """Give what others may know of a user."""
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role,
        "created_at": user.created_at,
        "disabled_at": user.disabled_at,
    }


def sign_in(
    services: Services, name: str, password: str, *, instead_of: str | None = None
) -> SignedIn:
    """Check a password and open a browser session under a fresh secret.

    Takes as long and says the same whether the name or the password is wrong.

    Args:
        services: what flows need.
        name: the user's name.
        password: as typed.
        instead_of: the secret the browser showed until now; its session is closed.

    Raises:
        Unauthenticated: when they do not fit, or the user is disabled.
    """
    with services.read() as session:
        user = accounts.by_name(session, _folded(name)) if _sane(name) else None
        kept = user.password_hash if user is not None else None
    fits = _verify(kept or _decoy(), password)
    if user is None or kept is None or user.disabled_at is not None or not fits:
        raise Unauthenticated(REFUSED)
    secret = secrets.token_urlsafe(32)
    with services.write() as session:
        if instead_of:
            accounts.close_session(session, _digest(instead_of))
        accounts.open_session(
            session, user_id=user.id, digest=_digest(secret), now=db.now(session), life=LIFE
        )
    return SignedIn(Account(user.id, user.name, user.role), secret)


def sign_out(session: Session, secret: str) -> None:
    """End a browser session; the secret is worthless from the commit on."""
    accounts.close_session(session, _digest(secret))


def who_session(services: Services, secret: str) -> Account | None:
    """Tell whose browser session this is; None when unknown, idle for 12 h or 7 days old."""
    digest = _digest(secret)
    with services.read() as session:
        now = db.now(session)
        shown = accounts.session_shown(session, digest, now=now, idle=IDLE)
    if shown is None:
        return None
    if shown.used_at is None or now - shown.used_at >= NOTED_EVERY:
        with services.write() as session:
            accounts.session_seen(session, digest, now)
    return Account(shown.user_id, shown.name, shown.role)


def new_token(session: Session, user_name: str) -> str:
    """Make an API token and give it in the clear, the only time it is seen.

    Raises:
        NotFound: when there is no such user.
        Conflict: when the user is disabled.
    """
    user = named(session, user_name)
    if user.disabled_at is not None:
        raise Conflict(f"{user_name!r} is disabled; a token would not work.")
    prefix = secrets.token_hex(4)
    plain = f"al_{prefix}_{secrets.token_urlsafe(32)}"
    now = db.now(session)
    accounts.add_token(session, user_id=user.id, digest=_digest(plain), prefix=prefix, now=now)
    trail.note(session, "token.made", user_id=user.id, now=now, prefix=prefix)
    return plain


def tokens(session: Session, user_name: str) -> list[dict[str, Any]]:
    """List a user's tokens: their prefixes and dates; the tokens themselves are not kept."""
    user = named(session, user_name)
    return [
        {
            "id": token.id,
            "prefix": f"al_{token.prefix}_",
            "created_at": token.created_at,
            "last_used_at": token.last_used_at,
            "revoked_at": token.revoked_at,
        }
        for token in accounts.tokens(session, user.id)
    ]


def revoke_token(session: Session, token_id: int, *, by: int | None = None) -> None:
    """Make a token worthless from the commit on.

    Raises:
        NotFound: when there is no such token.
    """
    found = accounts.token(session, token_id)
    if found is None:
        raise NotFound(f"There is no token {token_id}.")
    now = db.now(session)
    accounts.revoke(session, token_id, now)
    trail.note(session, "token.revoked", user_id=by, now=now, prefix=found.prefix)


def who_token(services: Services, plain: str) -> Account | None:
    """Tell whose API token this is; None when unknown or revoked.

    One indexed read; that the token was used is written at most once a minute.
    """
    digest = _digest(plain)
    with services.read() as session:
        shown = accounts.token_shown(session, digest)
        now = db.now(session) if shown else None
    if shown is None or now is None:
        return None
    if shown.used_at is None or now - shown.used_at >= NOTED_EVERY:
        with services.write() as session:
            accounts.token_used(session, digest, now)
    return Account(shown.user_id, shown.name, shown.role)


def named(session: Session, name: str) -> User:
    """Find a user by name.

    Raises:
        NotFound: when there is none.
    """
    user = accounts.by_name(session, _folded(name)) if _sane(name) else None
    if user is None:
        raise NotFound(f"There is no user {name!r}.")
    return user


def _checked_name(name: str) -> str:
    name = _folded(name)
    if not 1 <= len(name) <= MAX_NAME:
        raise Invalid.field("name", f"must have 1 to {MAX_NAME} characters, has {len(name)}.")
    if "/" in name or not _sane(name):
        raise Invalid.field("name", "must be printable and contain no slash.")
    return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


def _sane(name: str) -> bool:
    return all(unicodedata.category(character)[0] != "C" for character in name)


def _digest(secret: str) -> str:
    # the secrets carry 256 random bits: a plain sha256 cannot be guessed back
    return hashlib.sha256(_octets(secret)).hexdigest()


def _octets(text: str) -> bytes:
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _decoy() -> str:
    """Hash nothing in particular, so that an unknown name costs as much as a wrong password."""
    return _hasher().hash(secrets.token_bytes(16))


def _verify(kept: str, password: str) -> bool:
    if len(password) > MAX_PASSWORD:
        return False
    try:
        return _hasher().verify(kept, _octets(password))
    except (VerificationError, InvalidHashError):
        return False
