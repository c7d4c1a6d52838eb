// libflux-core, opened at run time: the functions that the Flux member calls, by name. Prototypes,
// structures and constants are those of flux-core's headers from 0.42 to 0.88, so one build works
// with all of them. test/flux/prototypes.test.ts compares them with the headers of this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "journal/result.h"

namespace flux_ensemble::flux {

// Opaque types of libflux-core.
struct Broker;   // flux_t
struct Future;   // flux_future_t
struct Message;  // flux_msg_t

// struct flux_match
struct Match {
  int typemask;
  std::uint32_t matchtag;
  const char* topic_glob;
};

// flux_error_t
struct ErrorText {
  char text[160];
};

inline constexpr std::uint32_t kNoMatchtag = 0;                    // FLUX_MATCHTAG_NONE
inline constexpr int kResponseType = 0x02;                         // FLUX_MSGTYPE_RESPONSE
inline constexpr int kAnyType = 0x0f;                              // FLUX_MSGTYPE_ANY
inline constexpr std::uint32_t kAnyNode = 0xffffffff;              // FLUX_NODEID_ANY
inline constexpr int kNoResponse = 1;                              // FLUX_RPC_NORESPONSE
inline constexpr int kStreaming = 2;                               // FLUX_RPC_STREAMING
inline constexpr int kNonblock = 4;                                // FLUX_O_NONBLOCK
inline constexpr int kPollIn = 1;                                  // FLUX_POLLIN
inline constexpr int kPollError = 4;                               // FLUX_POLLERR
inline constexpr Match kMatchAny{kAnyType, kNoMatchtag, nullptr};  // FLUX_MATCH_ANY

// The name of each function without its `flux_`, its result and its parameters.
#define FLUX_ENSEMBLE_FUNCTIONS(X)                                                         \
  X(open_ex, Broker*, (const char* uri, int flags, ErrorText* error))                      \
  X(close, void, (Broker * broker))                                                        \
  X(get_rank, int, (Broker * broker, std::uint32_t * rank))                                \
  X(get_size, int, (Broker * broker, std::uint32_t * size))                                \
  X(pollfd, int, (Broker * broker))                                                        \
  X(pollevents, int, (Broker * broker))                                                    \
  X(recv, Message*, (Broker * broker, Match match, int flags))                             \
  X(matchtag_free, void, (Broker * broker, std::uint32_t tag))                             \
  X(msg_destroy, void, (Message * message))                                                \
  X(msg_get_type, int, (const Message* message, int* type))                                \
  X(msg_get_matchtag, int, (const Message* message, std::uint32_t* tag))                   \
  X(response_decode_error, int, (const Message* message, const char** text))               \
  X(response_decode_raw, int,                                                              \
    (const Message* message, const char** topic, const void** data, std::size_t* size))    \
  X(rpc, Future*,                                                                          \
    (Broker * broker, const char* topic, const char* json, std::uint32_t node, int flags)) \
  X(rpc_get, int, (Future * future, const char** json))                                    \
  X(rpc_get_matchtag, std::uint32_t, (Future * future))                                    \
  X(future_wait_for, int, (Future * future, double seconds))                               \
  X(future_error_string, const char*, (Future * future))                                   \
  X(future_destroy, void, (Future * future))                                               \
  X(job_submit, Future*, (Broker * broker, const char* jobspec, int urgency, int flags))   \
  X(job_submit_get_id, int, (Future * future, std::uint64_t * id))                         \
  X(strerror, const char*, (int errnum))

struct FluxLibrary {
#define FLUX_ENSEMBLE_POINTER(name, result, parameters) result(*name) parameters = nullptr;
  FLUX_ENSEMBLE_FUNCTIONS(FLUX_ENSEMBLE_POINTER)
#undef FLUX_ENSEMBLE_POINTER
};

// Opens the first of the libraries that can be opened: a soname, or a path. It stays open until the
// process ends, because libraries that it needs leave threads running. Later calls return the same
// functions. An error message names each library with the reason, and the remedy.
Result<const FluxLibrary*> OpenFluxLibrary(const std::vector<std::string>& names);

}  // namespace flux_ensemble::flux
