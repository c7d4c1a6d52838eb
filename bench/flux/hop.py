"""Reacting as a plain Python program does: one synchronous submit after another, from the journal's callback.

  hop.py JOBSPEC-FILE HOPS        when a job's finish arrives, submit one more, HOPS times; prints the milliseconds
                                  between the timestamps of each finish and the next submit
  hop.py JOBSPEC-FILE 1 JOBS      submits JOBS and one more after the last finish; prints the seconds from the first
                                  submission to the finish of that one
"""

import json
import sys
import time

import flux
import flux.job
from flux.job.journal import JournalConsumer

with open(sys.argv[1], encoding="utf-8") as file:
    jobspec = file.read()
hops = int(sys.argv[2])
jobs = int(sys.argv[3]) if len(sys.argv) > 3 else 1

handle = flux.Flux()
# The journal has this handle to itself: on one with a backlog of messages, each synchronous submit sorts through it.
submitting = flux.Flux()
consumer = JournalConsumer(handle, full=False)
finish = 0.0
finished = 0
waits = []


def end():
    if jobs > 1:
        print(json.dumps({"seconds": time.time() - begin}))
    else:
        waits.sort()
        print(json.dumps({"p50": waits[hops // 2], "p99": waits[int(hops * 0.99)]}))
    handle.reactor_stop()


def on_event(event):
    global finish, finished
    if event is None:
        return
    if event.name == "submit":
        if finish > 0:
            waits.append((event.timestamp - finish) * 1e3)
        finish = 0.0
    elif event.name == "finish":
        finished += 1
        if finished == jobs + hops:
            end()
        elif finished >= jobs:
            finish = event.timestamp
            flux.job.submit(submitting, jobspec)


consumer.set_callback(on_event)
consumer.start()
begin = time.time()
for _ in range(jobs):
    flux.job.submit(submitting, jobspec)
handle.reactor_run()
