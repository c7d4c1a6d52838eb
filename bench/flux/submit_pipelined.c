// Submits COUNT copies of a jobspec with all of them in flight, the best that a C program does with the validator on.
//
//   submit_pipelined JOBSPEC-FILE COUNT [novalidate]
//
// Prints the seconds from the first submission to the last acceptance.

#include "bench.h"

static long left;

static void on_accepted (flux_future_t *f, void *arg)
{
    flux_jobid_t id;
    if (flux_job_submit_get_id (f, &id) < 0)
        die ("submit");
    flux_future_destroy (f);
    if (--left == 0)
        flux_reactor_stop (flux_get_reactor (arg));
}

int main (int argc, char **argv)
{
    if (argc < 3)
        return 2;
    char *jobspec = read_file (argv[1]);
    const long count = atol (argv[2]);
    const int flags = argc > 3 ? FLUX_JOB_NOVALIDATE : 0;
    flux_t *h = connect_to_flux ();
    left = count;
    const double begin = now ();
    for (long i = 0; i < count; i++) {
        flux_future_t *f = flux_job_submit (h, jobspec, 16, flags);
        if (!f || flux_future_then (f, -1, on_accepted, h) < 0)
            die ("flux_job_submit");
    }
    flux_reactor_run (flux_get_reactor (h), 0);
    const double seconds = now () - begin;
    printf ("{\"seconds\":%.6f,\"rate\":%.1f}\n", seconds, count / seconds);
    flux_close (h);
    return 0;
}
