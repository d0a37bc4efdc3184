#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""keel run on a terminal: its keys, and the terminal's modes afterwards."""
import os
import pty
import select
import signal
import sys
import termios
import time

keel, image = sys.argv[1:]
TIMEOUT = 20


class Run:
    """keel run as the foreground job of a terminal of its own."""

    def __init__(self, what, raw=True, ignored=()):
        self.output = b""
        go, start = os.pipe()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.close(start)
            os.read(go, 1)
            # Whoever started this test may ignore some, nohup(1) for one.
            for signo in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                signal.signal(signo, signal.SIG_IGN if signo in ignored
                              else signal.SIG_DFL)
            os.environ["FAKE_KEEL"] = what
            os.execv(keel, [keel, "run", image])
        os.close(go)
        self.before = termios.tcgetattr(self.fd)
        os.close(start)
        if raw:
            self.until(lambda: not termios.tcgetattr(self.fd)[3] & termios.ICANON)

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.output += os.read(self.fd, 4096)
            except OSError:
                pass

    def until(self, condition):
        end = time.time() + TIMEOUT
        while not condition():
            assert time.time() < end, ("timeout", self.output)
            self.read(0.02)

    def send(self, data):
        os.write(self.fd, data)

    def cooked(self):
        return termios.tcgetattr(self.fd) == self.before

    def end(self):
        """Wait; returns the wait status.  The modes must be back."""
        status = []

        def done():
            pid, code = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                status.append(code)
            return bool(pid)
        self.until(done)
        self.read(0.1)
        assert self.cooked(), "modes were not restored"
        os.close(self.fd)
        return status[0]


run = Run("spin")
run.send(b"\x01h")
run.until(lambda: b"Ctrl-A X " in run.output)
run.send(b"\x01x")
assert run.end() == 12 << 8
assert b"ended by Ctrl-A X" in run.output, run.output
print("Ctrl-A H and X")

run = Run("echo")
run.send(b"ab\x03\x01\x01\x01c")
run.until(lambda: b"ab\x03\x01" in run.output and b"no monitor" in run.output)
run.send(b"q")
assert run.end() == 0
print("keys go to the guest, Ctrl-C too")

run = Run("spin")
run.send(b"z" * 5000)
time.sleep(0.2)
run.send(b"\x01x")
assert run.end() == 12 << 8
print("Ctrl-A X also where the guest does not read")

run = Run("pour")
time.sleep(0.3)
run.send(b"abc")
time.sleep(0.3)
run.send(b"\x01x")
assert run.end() == 12 << 8
print("Ctrl-A X also where nobody reads the guest's output")

for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV,
              signal.SIGABRT, signal.SIGSYS):
    run = Run("spin")
    os.kill(run.pid, signo)
    status = run.end()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signo, status
print("signals")

run = Run("break-out", raw=False)
status = run.end()
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS, status
assert b"called openat" in run.output and b"broke out" not in run.output, run.output
print("a refused system call")

run = Run("spin", ignored=[signal.SIGHUP])
os.kill(run.pid, signal.SIGHUP)
time.sleep(0.3)
run.send(b"\x01x")
assert run.end() == 12 << 8
assert b"ended by Ctrl-A X" in run.output, run.output
print("an ignored signal stays ignored")

run = Run("spin")
os.kill(run.pid, signal.SIGTSTP)
run.until(run.cooked)
assert os.WIFSTOPPED(os.waitpid(run.pid, os.WUNTRACED)[1])
os.kill(run.pid, signal.SIGCONT)
run.until(lambda: not run.cooked())
run.send(b"\x01x")
assert run.end() == 12 << 8
print("stopped and continued")
