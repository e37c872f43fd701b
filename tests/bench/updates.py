"""`python -m tests.bench.updates`: news to ten thousand signatories, by two workers that are killed and started again.

Real PostgreSQL, real workers and a real mail server. Who unsubscribed before and on the way must get nothing, everybody
else one mail; what the killed workers held in that moment is settled as staff would: by the mail server's log.
"""

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.bench import filling
from tests.bench.exporting import _contact
from tests.bench.serving import ROOT

EVERY = 5.0  # seconds between two lines of progress
KILLS = (0.2, 0.45, 0.7)  # when so much of it is done, both workers are killed


class MailServer:
    """Takes every mail, as quickly as a mail server on the same machine, and writes down to whom and under which id."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str, float]] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(0.005)
        message = message_from_bytes(envelope.content)
        self.log += [(to, message["Message-ID"], time.monotonic()) for to in envelope.rcpt_tos]
        return "250 OK"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--signatories", type=int, default=10_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        filling.prepare(Path(folder))
        running.callback(filling.stop_database)
        filling.fill(chosen.signatories)
        handler = MailServer()
        port = _free_port()
        controller = Controller(handler, hostname="127.0.0.1", port=port)
        controller.start()
        running.callback(controller.stop)
        workers = _Workers(f"smtp://127.0.0.1:{port}", Path(folder) / "worker.log")
        running.enter_context(closing(workers))
        _measure(chosen.signatories, handler, workers)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Workers:
    """Two workers as in production, but for the pace."""

    def __init__(self, mail_server: str, log: Path) -> None:
        self._environment = {**os.environ, "EMAIL_URL": mail_server, "UPDATE_MAILS_A_MINUTE": "100000"}
        self._log = log
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        command = [sys.executable, "manage.py", "work"]
        with self._log.open("ab") as log:
            self._processes = [
                subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
                for _ in range(2)
            ]

    def kill(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        self.kill()
        if b"Traceback" in self._log.read_bytes():
            print("\nA worker said more than it should; see its last lines:\n")
            print(self._log.read_text()[-2000:])


def _measure(number: int, handler: MailServer, workers: _Workers) -> None:
    from django.utils import timezone

    from letters.models import Letter
    from signatories import unsubscribing, updates
    from signatories.contacts import address_key
    from signatories.models import Contact, Signature
    from tests.factories import make_staff, make_update, schedule_update

    signatures = list(Signature.objects.only("public_id"))
    Contact.objects.bulk_create(map(_contact, signatures), batch_size=2_000)
    everybody = sorted(f"{signature.public_id}@bench.example" for signature in signatures)
    before, on_the_way = everybody[: number // 20], everybody[number // 20 : number // 10]
    for address in before:
        unsubscribing.unsubscribe(address_key(address))
    print(f"{number} signatories, {len(before)} of them unsubscribed before\n", flush=True)

    workers.start()
    began = time.monotonic()
    update = schedule_update(make_update(Letter.objects.get(), by=make_staff()), at=timezone.now())
    kills, held, too_late = list(KILLS), 0, set()
    shown_at = began
    while update.status != "sent":
        time.sleep(0.1)
        update.refresh_from_db()
        progress = updates.progress(update)
        if time.monotonic() - shown_at >= EVERY:
            shown_at = time.monotonic()
            print(f"{shown_at - began:6.0f} s  {progress.done} of {progress.total} mails done", flush=True)
        if kills and progress.total and progress.done >= kills[0] * progress.total:
            workers.kill()
            held += _age_what_is_held(update)
            print(
                f"{time.monotonic() - began:6.0f} s  killed at {progress.done}; "
                f"{held} in the hands of killed workers so far",
                flush=True,
            )
            if len(kills) == len(KILLS):
                reached = {to for to, _id, _at in handler.log}
                for address in on_the_way:
                    unsubscribing.unsubscribe(address_key(address))
                too_late = reached & set(on_the_way)
            kills.pop(0)
            workers.start()
    took = time.monotonic() - began

    log = {message_id for _to, message_id, _at in handler.log}
    doubted = updates.in_doubt(update)
    left = [public_id for public_id, message_id in doubted if message_id in log]
    again = [public_id for public_id, message_id in doubted if message_id not in log]
    updates.settle(update, mails=left, outcome="left", by=update.by)
    if updates.settle(update, mails=again, outcome="again", by=update.by):
        while updates.progress(update).counts.keys() & {"waiting", "sending"}:
            time.sleep(0.1)

    arrived = Counter(to for to, _id, _at in handler.log)
    wanted = (set(everybody) - set(before) - set(on_the_way)) | too_late
    print(
        f"\n{len(arrived)} mailboxes reached in {took:.0f} s, {len(arrived) / took:.0f} mails a second, kills and all"
    )
    print(
        f"in doubt after {2 * len(KILLS)} kills: {len(doubted)}; of these {len(left)} had left, {len(again)} not"
    )
    print(f"twice: {sum(times > 1 for times in arrived.values())}")
    print(f"nobody told of it who should be: {len(wanted - arrived.keys())}")
    print(f"unsubscribed and written to all the same: {len(arrived.keys() - wanted)}")
    print(f"the desk says: {updates.progress(update).counts}")
    if Counter(dict.fromkeys(wanted, 1)) != arrived:
        sys.exit("Not everybody got exactly one.")


def _age_what_is_held(update) -> int:
    """Let five minutes pass for what killed workers held, and a minute for their rounds; return how much it was."""
    from django.utils import timezone

    from signatories.models import Update, UpdateMail

    time.sleep(0.5)  # until the database has noticed
    old = timezone.now() - timedelta(minutes=6)
    Update.objects.filter(pk=update.pk).update(next_round_at=old)
    return UpdateMail.objects.filter(update=update, status="sending").update(at=old)


if __name__ == "__main__":
    main()
