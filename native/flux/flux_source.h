// A connection to a Flux instance over libflux-core, which is opened when a Flux member is
// requested.
//
// One FluxSource is one broker connection, used by one thread. Only open() waits for the broker.
// submit() has a connection and a thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flux_ensemble::flux {
struct FluxLibrary;
}

struct FluxSource;

// Facts about the instance, known from open().
struct FluxInstance {
  const char* version;  // of the broker of rank 0; empty where it is unknown
  std::uint32_t broker_rank;
  std::uint32_t size;           // brokers
  std::uint32_t userid;         // of this process
  bool owner;                   // this user may follow all jobs; others are guests
  const char* first_broker;     // identifies it; another one begins when the instance is restarted
  std::uint64_t inactive_jobs;  // that the job manager keeps
};

// Receives the messages of pump(), on the thread that calls it. `errnum` is an errno. `text` may be
// empty but is not null.
struct FluxListener {
  void* context;
  // One response of the journal: `size` bytes of JSON.
  void (*journal)(void* context, std::uint64_t stream, const char* json, std::size_t size);
  // A stream of the journal has ended, by ENODATA or another error.
  void (*journal_ended)(void* context, std::uint64_t stream, int errnum, const char* text);
  // A request has been answered: with JSON (errnum 0) or with an error.
  void (*answered)(void* context, std::uint64_t request, int errnum, const char* text,
                   std::size_t size);
};

// The nearest broker that has the service.
#define FLUX_SOURCE_ANY_RANK 0xffffffffu

enum FluxPump { FLUX_PUMP_DRAINED = 0, FLUX_PUMP_MORE = 1, FLUX_PUMP_LOST = -1 };

struct FluxSourceApi {
  // Connects to `uri`, or for null to libflux-core's default. Returns null on failure, with errno
  // set and a message in `error` (at most `size` bytes with its zero).
  FluxSource* (*open)(const char* uri, char* error, std::size_t size);
  void (*instance)(const FluxSource* source, FluxInstance* instance);

  // Readable when pump() has something to do. Not to be read from or closed.
  int (*fd)(const FluxSource* source);

  // Takes at most `limit` messages without waiting. FLUX_PUMP_LOST means that the connection is
  // lost; errno has the cause.
  int (*pump)(FluxSource* source, const FluxListener* listener, int limit);

  // Requests a stream of the journal. `stream` is its number for the listener, and `request` the
  // RPC's JSON. Returns 0, or -1 with errno.
  int (*open_journal)(FluxSource* source, std::uint64_t stream, const char* request);
  // Requests the end of a stream, which journal_ended() reports.
  int (*close_journal)(FluxSource* source, std::uint64_t stream);

  // Sends any other RPC to the broker of a rank. Returns 0, or -1 with errno.
  int (*call)(FluxSource* source, std::uint64_t request, const char* topic, const char* json,
              std::uint32_t rank);

  // Submits a job by flux_job_submit(), which signs it. answered() has {"id":N}. Returns 0, or -1
  // with errno.
  int (*submit)(FluxSource* source, std::uint64_t request, const char* jobspec, int urgency);

  // Drops submissions that were not sent.
  void (*close)(FluxSource* source);
};

// The interface over an open library, which must be the same each time.
const FluxSourceApi* FluxSourceOf(const flux_ensemble::flux::FluxLibrary& library);
