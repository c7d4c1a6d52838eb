// A session's connection to a Flux instance. Sessions of one process may share one (hub.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flux/flux_source.h"

namespace flux_ensemble::flux {

// The most messages taken in one turn, so that requests get theirs.
inline constexpr int kPumpLimit = 256;

// The events that a stream of the journal brings.
struct JournalOptions {
  std::vector<std::string> allow;  // their names; empty for all
  bool full = false;               // the stream begins with inactive jobs, too
};

// Used by one thread. Numbers of streams and requests are the caller's.
class Connection {
 public:
  virtual ~Connection() = default;
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Facts as they were when it was opened.
  virtual const FluxInstance& instance() const = 0;
  // Readable when Pump() has something to do.
  virtual int fd() const = 0;
  // Takes at most `limit` messages without waiting. FLUX_PUMP_LOST means that the connection is
  // lost; errno has the cause.
  virtual int Pump(const FluxListener& listener, int limit) = 0;
  // Each returns 0, or -1 with errno. Later failures are reported to the listener.
  virtual int OpenJournal(std::uint64_t stream, const JournalOptions& options) = 0;
  virtual int CloseJournal(std::uint64_t stream) = 0;
  virtual int Call(std::uint64_t request, const char* topic, const char* json,
                   std::uint32_t rank) = 0;
  virtual int Submit(std::uint64_t request, const char* jobspec, int urgency) = 0;
};

// An open connection, or the reason why it is missing.
struct Connected {
  std::unique_ptr<Connection> connection;
  int errnum = 0;
  std::string error;
};

// Connects to a URI, or for an empty one to libflux-core's default. May wait for some seconds.
using Connector = std::function<Connected(const std::string& uri)>;

// Makes a connection of its own for each session.
Connector ConnectAlone(const FluxSourceApi* api);

}  // namespace flux_ensemble::flux
