// The C interface between the addon and flux_source.so, a shared object of its own that is linked
// with libflux-core: the addon loads everywhere and opens this only when a Flux member is asked
// for.
//
// One FluxSource is one broker connection, used by one thread. Nothing here waits for the broker
// but open().
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// Changes with every change of this header.
#define FLUX_SOURCE_ABI 2u

struct FluxSource;

// Facts about the instance, known from open().
struct FluxInstance {
  const char* version;  // of libflux-core
  std::uint32_t broker_rank;
  std::uint32_t size;    // brokers
  std::uint32_t userid;  // of this process
  bool owner;            // whether this user owns the instance
};

// What pump() tells, on the thread that calls it. `errnum` is an errno, `text` may be empty but is
// not null.
struct FluxListener {
  void* context;
  // One response of the journal: `size` bytes of JSON.
  void (*journal)(void* context, const char* json, std::size_t size);
  // The journal's stream has ended, as ENODATA or another error says.
  void (*journal_ended)(void* context, int errnum, const char* text);
  // A request has been answered: with JSON (errnum 0) or with an error.
  void (*answered)(void* context, std::uint64_t request, int errnum, const char* text,
                   std::size_t size);
};

enum FluxPump { FLUX_PUMP_DRAINED = 0, FLUX_PUMP_MORE = 1, FLUX_PUMP_LOST = -1 };

struct FluxSourceApi {
  std::uint32_t abi;

  // Connects to `uri`, or where libflux-core does by default for null. Null with `error` filled in
  // (at most `size` bytes with its zero) and errno set.
  FluxSource* (*open)(const char* uri, char* error, std::size_t size);
  void (*instance)(const FluxSource* source, FluxInstance* instance);

  // Readable when pump() has something to do. Not to be read from or closed.
  int (*fd)(const FluxSource* source);

  // Takes at most `limit` messages without waiting. FLUX_PUMP_LOST: the connection is gone, errno
  // says how.
  int (*pump)(FluxSource* source, const FluxListener* listener, int limit);

  // Asks for the journal. `request` is the RPC's JSON. 0, or -1 with errno.
  int (*open_journal)(FluxSource* source, const char* request);
  // Asks for its end, which journal_ended() tells.
  int (*close_journal)(FluxSource* source);

  // Sends any other RPC to any rank. 0, or -1 with errno.
  int (*call)(FluxSource* source, std::uint64_t request, const char* topic, const char* json);

  void (*close)(FluxSource* source);
};

// The only symbol that the shared object exports.
const FluxSourceApi* flux_ensemble_source(void);

}  // extern "C"
