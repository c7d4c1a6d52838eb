// The floor of reacting: follows the journal and submits the next jobs from its callback, without waiting for answers.
//
//   hop JOBSPEC-FILE HOPS              when a job's finish arrives, submit one more, HOPS times; prints the
//                                      milliseconds between the timestamps of each finish and the next submit
//   hop JOBSPEC-FILE 1 JOBS            submits JOBS at once and one more after the last finish; prints the seconds
//                                      from the first submission to the finish of that one

#include "bench.h"

static flux_t *h;
static char *jobspec;
static long hops, jobs = 1;
static long submitted, finished;
static double begin, finish;
static double *waits;
static int hop_count;

static void on_accepted (flux_future_t *f, void *arg)
{
    flux_jobid_t id;
    if (flux_job_submit_get_id (f, &id) < 0)
        die ("submit");
    flux_future_destroy (f);
}

static void submit (void)
{
    flux_future_t *f = flux_job_submit (h, jobspec, 16, 0);
    if (!f || flux_future_then (f, -1, on_accepted, NULL) < 0)
        die ("flux_job_submit");
    submitted++;
}

static int compare (const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void end (void)
{
    if (jobs > 1) {
        printf ("{\"seconds\":%.6f}\n", now () - begin);
        exit (0);
    }
    qsort (waits, hop_count, sizeof (*waits), compare);
    printf ("{\"hops\":%d,\"p50\":%.4f,\"p99\":%.4f}\n",
            hop_count,
            waits[hop_count / 2],
            waits[(int)(hop_count * 0.99)]);
    exit (0);
}

static void on_submit (double timestamp)
{
    if (finish > 0)
        waits[hop_count++] = (timestamp - finish) * 1e3;
    finish = 0;
}

static void on_finish (double timestamp)
{
    finished++;
    if (finished < jobs)
        return;
    if (finished == jobs + hops)
        end ();
    finish = timestamp;
    submit ();
}

static void on_response (flux_future_t *f, void *arg)
{
    const char *text;
    if (flux_rpc_get (f, &text) < 0)
        die ("journal");
    if (strstr (text, "\"id\":-1")) {
        begin = now ();
        for (long i = 0; i < jobs; i++)
            submit ();
    } else {
        // One event in each response after the sentinel.
        const char *stamp = strstr (text, "\"timestamp\":");
        const char *name = strstr (text, "\"name\":\"");
        if (stamp && name) {
            const double timestamp = strtod (stamp + 12, NULL);
            if (strncmp (name + 8, "submit\"", 7) == 0)
                on_submit (timestamp);
            else if (strncmp (name + 8, "finish\"", 7) == 0)
                on_finish (timestamp);
        }
    }
    flux_future_reset (f);
}

int main (int argc, char **argv)
{
    if (argc < 3)
        return 2;
    jobspec = read_file (argv[1]);
    hops = atol (argv[2]);
    if (argc > 3)
        jobs = atol (argv[3]);
    waits = calloc (hops + 1, sizeof (*waits));
    h = connect_to_flux ();
    flux_future_t *f = open_journal (h,
                                     "{\"full\":false,\"allow\":{\"submit\":1,\"finish\":1}}");
    if (flux_future_then (f, -1, on_response, NULL) < 0)
        die ("flux_future_then");
    flux_reactor_run (flux_get_reactor (h), 0);
    return 1;
}
