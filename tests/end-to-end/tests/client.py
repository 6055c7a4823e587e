"""The life of a loan through docs/client, over a connection that loses answers. Says what happened as JSON."""

import json
import os
import sys
import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

from fineract_gateway import Gateway, NoAnswer, Outcome, Refused, StillProcessing

token = os.environ["GATEWAY_TOKEN"]


def soon(seconds: float) -> None:
    """Tests do not wait as long as callers."""
    time.sleep(seconds / 10)


gateway = Gateway(os.environ["LOSSY_URL"], token, sleep=soon)
stranger = Gateway(os.environ["LOSSY_URL"], "no token of anybody's", sleep=soon)
direct = Gateway(os.environ["GATEWAY_URL"], token)
dead = Gateway(os.environ["DEAD_URL"], token)
loan = {"external_loan_id": "LOAN-123"}
told = {}


def perform(name: str, operation: str, data: dict) -> Outcome:
    outcome = gateway.perform(operation, data, key=f"{name}-1")
    told[name] = [outcome.succeeded, outcome.code, outcome.retryable]
    return outcome


client = {"firstname": "Jayesh", "lastname": "Badgujar", "externalId": "INC-1001", "activationDate": "01 January 2026"}
perform("client", "CLIENT_CREATE", client)
perform("loan", "LOAN_CREATE", {
    "lenderConfig": "UGRO", "externalId": "LOAN-123", "principal": Decimal("100000.10"), "submittedOnDate": "11 January 2026",
    "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": Decimal("8.30"), "clientId": "INC-1001"})
perform("early", "LOAN_DISBURSE", {**loan, "actualDisbursementDate": "11 January 2026"})
perform("approve", "LOAN_APPROVE", {**loan, "approvedOnDate": "11 January 2026"})
disbursed = perform("disburse", "LOAN_DISBURSE", {**loan, "actualDisbursementDate": "11 January 2026", "utr_payment_id": "UTR-1"})
shown = perform("show", "LOAN_GET", loan)
told["principal"] = str(shown.response["principal"])
told["same"] = gateway.wait(disbursed.report["tracking_id"]) == disbursed

# After a crash the same call goes on where it stood.
again = gateway.submit("LOAN_APPROVE", {**loan, "approvedOnDate": "11 January 2026"}, key="approve-1")
told["again"] = again.replayed
try:
    gateway.submit("LOAN_DELETE", loan, key="approve-1")
except Refused as refused:
    told["reused"] = [refused.status, refused.code]
try:
    gateway.submit("CLIENT_CREATE", {**client, "firstname": "", "activationDate": "soon"})
except Refused as refused:
    told["faults"] = [fault["pointer"] for fault in refused.errors]
try:
    gateway.cancel(again.tracking_id)
except Refused as refused:
    told["cancel"] = refused.code
told["history"] = [line["operation_type"] for line in gateway.history("loan", "LOAN-123")]
try:
    stranger.track(again.tracking_id)
except Refused as refused:
    told["stranger"] = refused.code
try:
    dead.submit("LOAN_DELETE", loan, key="k", within=1.0)
except NoAnswer as lost:
    told["dead"] = lost.key
try:
    waiting = direct.submit("LOAN_CREATE", {
        "lenderConfig": "UGRO", "externalId": "L-2", "principal": 5000, "submittedOnDate": "11 January 2026",
        "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 8, "clientId": "INC-9"})
    direct.wait(waiting.tracking_id, within=1.0)
except StillProcessing as open_still:
    told["open"] = open_still.tracking_id == waiting.tracking_id


class Door(BaseHTTPRequestHandler):
    """Answers with these statuses, one after the other; 0 is no answer at all."""

    statuses: list[int] = []

    def do_POST(self) -> None:
        status = Door.statuses.pop(0)
        if status:
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


door = HTTPServer(("127.0.0.1", 0), Door)
threading.Thread(target=door.serve_forever, daemon=True).start()
strange = Gateway(f"http://127.0.0.1:{door.server_port}", token, sleep=soon)
told["door"] = []
# A redirect is not followed. Who is refused entry after an answer was lost does not know what became of the request.
for Door.statuses in ([302], [401], [0, 401], [503, 403], [429, 404]):
    try:
        strange.submit("LOAN_DELETE", loan, key="k")
    except (Refused, NoAnswer) as error:
        told["door"].append(type(error).__name__)
door.shutdown()
json.dump(told, sys.stdout)
