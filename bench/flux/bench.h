// Shared functions of the C programs of the Flux bench.
#pragma once

#include <flux/core.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

// CPU time of this process in microseconds.
static inline double cpu_us (void)
{
    struct rusage usage;
    getrusage (RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec
           + usage.ru_stime.tv_usec;
}

// Wall-clock seconds since the epoch, as in the journal.
static inline double now (void)
{
    struct timespec time;
    clock_gettime (CLOCK_REALTIME, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static inline void die (const char *what)
{
    perror (what);
    exit (1);
}

static inline flux_t *connect_to_flux (void)
{
    flux_t *h = flux_open (NULL, 0);
    if (!h)
        die ("flux_open");
    return h;
}

static inline flux_future_t *open_journal (flux_t *h, const char *request)
{
    flux_future_t *f = flux_rpc (h,
                                 "job-manager.events-journal",
                                 request,
                                 FLUX_NODEID_ANY,
                                 FLUX_RPC_STREAMING);
    if (!f)
        die ("events-journal");
    return f;
}

// Reads a whole file.
static inline char *read_file (const char *path)
{
    FILE *file = fopen (path, "r");
    char *text = calloc (1, 1 << 20);
    if (!file || !text || fread (text, 1, (1 << 20) - 1, file) == 0)
        die (path);
    fclose (file);
    return text;
}
