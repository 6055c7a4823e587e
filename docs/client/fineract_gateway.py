"""A client of the Fineract gateway: one file, nothing but Python 3.10 or newer.

    gateway = Gateway("https://….amazonaws.com", token)
    outcome = gateway.perform("LOAN_APPROVE", {"external_loan_id": "LOAN-123", "approvedOnDate": "11 January 2026"},
                              key="approve-LOAN-123")
    if not outcome.succeeded:
        print(outcome.code, outcome.message)

Store the key before the first call: after a crash, the same call with the same key goes on where it stood. An answer that
is lost on the way is asked for again under that key, so nothing is done twice. Amounts may be `Decimal`s, and come back as such.
"""

from __future__ import annotations

import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Callable, Iterator

# API Gateway answers within 30 seconds, whatever happens behind it.
REQUEST_SECONDS = 35.0
# Within these bounds, doubling, a request is repeated that got no answer.
RETRY_SECONDS = (0.5, 30.0)
# Within these bounds, doubling, track is asked.
POLL_SECONDS = (0.5, 3.0)
# An answer of the gateway's has at most some 300 KiB.
ANSWER_BYTES_MAX = 8 * 1024 * 1024
# Nothing was decided: a rate limit, or a server that failed or is away.
NOT_DECIDED = (429, 500, 502, 503, 504)


class GatewayError(Exception):
    """Whatever this client raises."""


class Refused(GatewayError):
    """The request was refused. `code` has a page in docs/errors, which says what that means for it."""

    def __init__(self, status: int, body: Any) -> None:
        problem = body if isinstance(body, dict) else {}
        self.status = status
        self.code: str | None = problem.get("code")
        self.detail: str | None = problem.get("detail") or problem.get("message")
        self.errors: list[dict[str, str]] = problem.get("errors", [])
        faults = "; ".join(f"{fault['pointer']} {fault['detail']}" for fault in self.errors)
        super().__init__(f"{status} {self.code}: {faults or self.detail}")


class NoAnswer(GatewayError):
    """No answer within the time given. Call again with the same `key`: nothing is done twice."""

    def __init__(self, key: str | None, cause: str) -> None:
        self.key = key
        super().__init__(f"no answer ({cause}); call again" + (f" with the key {key}" if key else ""))


class StillProcessing(GatewayError):
    """The operation has not ended within the time given. It goes on: wait again for the same tracking id."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.tracking_id: str = report["tracking_id"]
        self.reason: str | None = report.get("reason")
        super().__init__(f"{self.tracking_id} is still processing ({self.reason or report.get('state')})")


@dataclass(frozen=True)
class Accepted:
    """An operation that the gateway will carry out."""

    tracking_id: str
    key: str
    replayed: bool = False
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What became of an operation. It never changes."""

    report: dict[str, Any]

    @property
    def succeeded(self) -> bool:
        """Whether Fineract applied it; if not, nothing was applied."""
        return bool(self.report["status"] == "success")

    @property
    def response(self) -> dict[str, Any] | None:
        """Fineract's answer to what it applied."""
        return self.report["success_response"]

    @property
    def code(self) -> str | None:
        """Why it was not applied: Fineract's code, or one that begins with `gateway.`."""
        return self.report.get("error", {}).get("code")

    @property
    def message(self) -> str | None:
        """The same as a sentence."""
        return self.report.get("error", {}).get("message") or self.report["error_message"]

    @property
    def retryable(self) -> bool:
        """Whether the same request can succeed later as it is, under a new key."""
        return bool(self.report.get("error", {}).get("retryable"))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The token goes nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Gateway:
    """The gateway, as one caller sees it. May be shared by threads."""

    def __init__(self, url: str, token: str, *, timeout: float = REQUEST_SECONDS,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_NoRedirects())

    def perform(self, operation: str, data: dict[str, Any], *, key: str | None = None, within: float = 300.0) -> Outcome:
        """Asks for an operation and waits for its end, both within so many seconds."""
        deadline = time.monotonic() + within
        accepted = self.submit(operation, data, key=key, within=within)
        return self.wait(accepted.tracking_id, within=deadline - time.monotonic())

    def submit(self, operation: str, data: dict[str, Any], *, key: str | None = None, within: float = 120.0) -> Accepted:
        """Asks for an operation. Repeated under its key until there is an answer."""
        key = key or str(uuid.uuid4())
        body = json.dumps({"status": operation, "data": data}, default=_digits, allow_nan=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        answer, replayed = self._ask("POST", "/fineract/operate", body, headers, within, key)
        return Accepted(answer["tracking_id"], key, replayed, answer.get("ignored", []))

    def wait(self, tracking_id: str, *, within: float = 300.0) -> Outcome:
        """Polls until the operation has ended."""
        deadline = time.monotonic() + within
        pause, longest = POLL_SECONDS
        while True:
            report = self.track(tracking_id, within=max(0.0, deadline - time.monotonic()))
            if report["status"] != "processing":
                return Outcome(report)
            if time.monotonic() + pause > deadline:
                raise StillProcessing(report)
            self._sleep(pause)
            pause = min(longest, 2 * pause)

    def track(self, tracking_id: str, *, within: float = 60.0) -> dict[str, Any]:
        """What is known about an operation now."""
        return self._ask("GET", _path(tracking_id), None, {}, within)[0]

    def cancel(self, tracking_id: str, *, within: float = 60.0) -> Outcome:
        """Takes an operation back of which nothing was sent to Fineract; else `Refused` with `too-late-to-cancel`."""
        return Outcome(self._ask("POST", f"{_path(tracking_id)}/cancel", b"", {}, within)[0])

    def history(self, kind: str, external_id: str, *, within: float = 60.0) -> Iterator[dict[str, Any]]:
        """The caller's own operations on a `client` or `loan`, newest first."""
        query = {"externalId": external_id, "kind": kind}
        while True:
            encoded = urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
            page, _ = self._ask("GET", f"/fineract/track?{encoded}", None, {}, within)
            yield from page["operations"]
            if "next" not in page:
                return
            query["cursor"] = page["next"]

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str], within: float,
             key: str | None = None) -> tuple[dict[str, Any], bool]:
        """The answer, and whether it is a repeat's. Asked again while nothing was decided: each request may be repeated."""
        deadline = time.monotonic() + within
        pause, longest = RETRY_SECONDS
        request = urllib.request.Request(self._url + path, body, {**headers, "X-Internal-Token": self._token}, method=method)
        perhaps_stored = False
        while True:
            after = 0.0
            try:
                with self._opener.open(request, timeout=self._timeout) as answer:
                    text = answer.read(ANSWER_BYTES_MAX)
                    return json.loads(text, parse_float=Decimal), answer.headers.get("Idempotent-Replayed") == "true"
            except urllib.error.HTTPError as error:
                cause = f"HTTP {error.code}"
                after = _number(error.headers.get("Retry-After"))
                body_of_error = _whole(error)
                # Who may not come in (any more) is not told what became of a request that he may have sent before.
                told = not (key and perhaps_stored and error.code in (401, 403))
                if body_of_error is not None and told and error.code not in NOT_DECIDED:
                    raise Refused(error.code, _json(body_of_error)) from None
                if not told:
                    raise NoAnswer(key, cause) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                # Not sent, or the answer was lost or cut off.
                cause = type(error).__name__
            perhaps_stored = True
            wait = max(after, random.uniform(pause / 2, pause))
            if time.monotonic() + wait > deadline:
                raise NoAnswer(key, cause)
            self._sleep(wait)
            pause = min(longest, 2 * pause)


def _path(tracking_id: str) -> str:
    return "/fineract/track/" + urllib.parse.quote(tracking_id, safe="")


def _digits(value: Any) -> str:
    """A decimal as a string of digits, which the gateway takes for a number: no digit is lost."""
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _whole(error: urllib.error.HTTPError) -> bytes | None:
    """The body of a refusal, unless it was cut off."""
    try:
        with error:
            text = error.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException):
        return None
    return text if len(text) >= _number(error.headers.get("Content-Length")) else None


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _number(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0
