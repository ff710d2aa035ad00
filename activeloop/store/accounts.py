"""People, their browser sessions and their API tokens. Secrets are kept as digests only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, update
from sqlmodel import Session, col, select

from activeloop.store.tables import Token, User, WebSession


@dataclass(frozen=True, slots=True)
class Shown:
    """A secret that was shown: whose it is, and when it was made and last used."""

    user_id: int
    name: str
    role: str
    made_at: datetime
    used_at: datetime | None


def add(
    session: Session, *, name: str, role: str, password_hash: str | None, now: datetime
) -> User:
    """Add a user."""
    user = User(name=name, role=role, password_hash=password_hash, created_at=now)
    session.add(user)
    session.flush()
    return user


def by_name(session: Session, name: str) -> User | None:
    """Look a user up by name."""
    return session.exec(select(User).where(User.name == name)).one_or_none()


def all_(session: Session) -> list[User]:
    """List the users by name."""
    return list(session.exec(select(User).order_by(col(User.name))))


def admins(session: Session) -> int:
    """Count the admins that are not disabled."""
    wanted = (col(User.role) == "admin", col(User.disabled_at).is_(None))
    return int(session.execute(select(func.count()).select_from(User).where(*wanted)).scalar_one())


def set_password(session: Session, user_id: int, password_hash: str) -> None:
    """Replace a user's password hash."""
    session.execute(update(User).where(col(User.id) == user_id).values(password_hash=password_hash))


def set_disabled(session: Session, user_id: int, at: datetime | None) -> None:
    """Mark a user as disabled since `at`, or, with None, as enabled."""
    session.execute(update(User).where(col(User.id) == user_id).values(disabled_at=at))


_SHOWN = (
    select(  # type: ignore[call-overload]
        User.id, User.name, User.role, Token.created_at, Token.last_used_at
    )
    .join(Token, col(Token.user_id) == col(User.id))
    .where(
        col(Token.digest) == bindparam("digest"),
        col(Token.revoked_at).is_(None),
        col(User.disabled_at).is_(None),
    )
)


def add_token(session: Session, *, user_id: int, digest: str, prefix: str, now: datetime) -> Token:
    """Keep a token's digest."""
    token = Token(user_id=user_id, digest=digest, prefix=prefix, created_at=now)
    session.add(token)
    session.flush()
    return token


def token_shown(session: Session, digest: str) -> Shown | None:
    """Find whose live token has this digest (unique index on token.digest)."""
    found = session.connection().execute(_SHOWN, {"digest": digest}).one_or_none()
    return Shown(*found) if found else None


def token_used(session: Session, digest: str, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(Token).where(col(Token.digest) == digest).values(last_used_at=now))


def tokens(session: Session, user_id: int) -> Sequence[Token]:
    """List a user's tokens, revoked ones too."""
    return session.exec(select(Token).where(Token.user_id == user_id).order_by(col(Token.id))).all()


def token(session: Session, token_id: int) -> Token | None:
    """Look a token up by its number."""
    return session.get(Token, token_id)


def revoke(session: Session, token_id: int, now: datetime) -> None:
    """Make a token worthless."""
    session.execute(
        update(Token)
        .where(col(Token.id) == token_id, col(Token.revoked_at).is_(None))
        .values(revoked_at=now)
    )


def open_session(
    session: Session, *, user_id: int, digest: str, now: datetime, life: timedelta
) -> None:
    """Keep a browser session's digest; sessions whose life is over are swept away with it."""
    session.execute(delete(WebSession).where(col(WebSession.expires_at) <= now))
    session.add(
        WebSession(
            digest=digest, user_id=user_id, created_at=now, seen_at=now, expires_at=now + life
        )
    )
    session.flush()


def session_shown(session: Session, digest: str, *, now: datetime, idle: timedelta) -> Shown | None:
    """Find whose browser session has this digest (primary key), unless it has run out."""
    columns = (User.id, User.name, User.role, WebSession.created_at, WebSession.seen_at)
    found = session.execute(
        select(*columns)  # type: ignore[call-overload]
        .join(WebSession, col(WebSession.user_id) == col(User.id))
        .where(
            col(WebSession.digest) == digest,
            col(WebSession.expires_at) > now,
            col(WebSession.seen_at) > now - idle,
            col(User.disabled_at).is_(None),
        )
    ).one_or_none()
    return Shown(*found) if found else None


def session_seen(session: Session, digest: str, now: datetime) -> None:
    """Note that a browser session is in use."""
    session.execute(update(WebSession).where(col(WebSession.digest) == digest).values(seen_at=now))


def close_session(session: Session, digest: str) -> None:
    """Sign one browser out."""
    session.execute(delete(WebSession).where(col(WebSession.digest) == digest))


def close_sessions_of(session: Session, user_id: int) -> None:
    """Sign a user out everywhere."""
    session.execute(delete(WebSession).where(col(WebSession.user_id) == user_id))
