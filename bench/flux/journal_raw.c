// The same with a raw flux_recv loop on flux_pollfd: what receiving costs without decoding, the floor of ours.
//
//   journal_raw backlog ROUNDS | live     as journal_futures

#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static double cpu_begin;
static long messages;

static void report (void)
{
    printf ("{\"messages\":%ld,\"cpuUs\":%.0f}\n", messages, cpu_us () - cpu_begin);
    fflush (stdout);
}

// True when the sentinel was among what was there.
static int drain (flux_t *h, int look_for_sentinel)
{
    int seen = 0;
    int events;
    do {
        flux_msg_t *msg;
        while ((msg = flux_recv (h, FLUX_MATCH_ANY, FLUX_O_NONBLOCK))) {
            const char *text;
            if (flux_response_decode (msg, NULL, &text) < 0)
                die ("journal");
            messages++;
            if (look_for_sentinel && strstr (text, "\"id\":-1"))
                seen = 1;
            flux_msg_destroy (msg);
        }
        // Makes the descriptor unreadable, also if something has come since.
        if (errno != EWOULDBLOCK || (events = flux_pollevents (h)) < 0)
            die ("flux_recv");
    } while (events & FLUX_POLLIN);
    return seen;
}

int main (int argc, char **argv)
{
    int live = argc > 1 && strcmp (argv[1], "live") == 0;
    int rounds = argc > 2 ? atoi (argv[2]) : 1;
    for (int i = 0; i < rounds; i++) {
        flux_t *h = connect_to_flux ();
        messages = 0;
        cpu_begin = cpu_us ();
        flux_future_t *f = open_journal (h, live ? "{\"full\":false}" : "{\"full\":true}");
        struct pollfd fds[2] = {{flux_pollfd (h), POLLIN, 0}, {live ? 0 : -1, POLLIN, 0}};
        while (!drain (h, 1))
            poll (fds, 1, -1);
        if (live) {
            messages = 0;
            cpu_begin = cpu_us ();
            puts ("ready");
            fflush (stdout);
            do {
                poll (fds, 2, -1);
                drain (h, 0);
            } while (fds[1].revents == 0);
        }
        report ();
        flux_future_destroy (f);
        flux_close (h);
    }
    return 0;
}
