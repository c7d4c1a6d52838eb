// The bare consumer that one writes with libflux-core: a streaming RPC, flux_future_then, the reactor. It counts
// messages and does nothing with them. Its CPU time a message is what ours is compared with.
//
//   journal_futures backlog ROUNDS     CPU from the request for a full backlog to the sentinel, per round
//   journal_futures live               CPU from the line "ready" to the end of standard input
//
// Prints a line of JSON for each measurement.

#include "bench.h"

#include <unistd.h>

static long messages;
static int at_sentinel;
static double cpu_begin;
static int live;

static void report (void)
{
    printf ("{\"messages\":%ld,\"cpuUs\":%.0f}\n", messages, cpu_us () - cpu_begin);
    fflush (stdout);
}

static void on_response (flux_future_t *f, void *arg)
{
    const char *text;
    if (flux_rpc_get (f, &text) < 0)
        die ("journal");
    messages++;
    if (!at_sentinel && strstr (text, "\"id\":-1")) {
        at_sentinel = 1;
        if (!live) {
            flux_reactor_stop (flux_get_reactor (arg));
        } else {
            messages = 0;
            cpu_begin = cpu_us ();
            puts ("ready");
            fflush (stdout);
        }
    }
    flux_future_reset (f);
}

static void on_stdin (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    char buf[64];
    if (read (0, buf, sizeof (buf)) == 0) {
        report ();
        exit (0);
    }
}

int main (int argc, char **argv)
{
    live = argc > 1 && strcmp (argv[1], "live") == 0;
    int rounds = argc > 2 ? atoi (argv[2]) : 1;
    for (int i = 0; i < rounds; i++) {
        flux_t *h = connect_to_flux ();
        at_sentinel = 0;
        messages = 0;
        cpu_begin = cpu_us ();
        flux_future_t *f = open_journal (h, live ? "{\"full\":false}" : "{\"full\":true}");
        if (flux_future_then (f, -1, on_response, h) < 0)
            die ("flux_future_then");
        if (live) {
            flux_watcher_t *w =
                flux_fd_watcher_create (flux_get_reactor (h), 0, FLUX_POLLIN, on_stdin, NULL);
            flux_watcher_start (w);
        }
        flux_reactor_run (flux_get_reactor (h), 0);
        report ();
        flux_future_destroy (f);
        flux_close (h);
    }
    return 0;
}
