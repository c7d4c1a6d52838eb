// The entries of the run log: everything that an engine takes in, in its order. An engine that
// takes in the same entries is in the same state, to the last bit.
//
// A frame of the log holds entries one after the other. An entry is its kind (one byte), then its
// fields. Ids and times of events are stored as differences from those before in the frame, so a
// frame can be read without the frames before it, except for patterns of texts (texts.h), which are
// stored again in each segment.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/record.h"
#include "log/texts.h"

namespace flux_ensemble::log {

// Stored: numbers are never given to another kind.
enum class EntryKind : std::uint8_t {
  kRun = 1,            // the run's id, and the names of the plan's groups
  kRecords = 2,        // records of the journal that came together
  kSettle = 3,         // a submit counts, without a record after it
  kTime = 4,           // time has passed to: seconds since the epoch
  kHeartbeat = 5,      // seconds since the epoch
  kStart = 6,          // seconds since the epoch
  kFinishStream = 7,   // the stream has ended
  kAddRule = 8,        // a rule as JSON
  kGoTo = 9,           // index of a state
  kProbed = 10,        // what probes measured
  kEnd = 11,           // rules no longer fire
  kSupply = 12,        // times of a cron rule
  kStreamAhead = 13,   // seconds by which the time of day was set
  kRenewCron = 14,     // the time of day was set
  kResumeStream = 15,  // the stream begins again
  kLookForCancels = 16,
  kExpectCancel = 17,  // the note of a cancel of the run's own
  kDecodeErrors = 18,  // how many records were invalid
  kResult = 19,        // of a job
  kNote = 20,          // of the run's owner, about a firing or about none
  kDone = 21,          // number of a firing: its action is done, and all that followed from it
  kMeasured = 22,      // what a probe measured for a firing of its rule, which is done with it
  kInterrupted = 23,   // entries from here to the next kRestored do not count
  kRestored = 24,      // another process goes on with the run
  kKeepUnknown = 25,   // jobs that the source does not know stay active
  kHosts = 26,         // the hosts of a job
  kReconciled = 27,    // the source has shown all jobs of the run
  kTold = 28,          // a value that a job told
  kQueued = 29,        // limits hold back more jobs of a group, or fewer
  kHolds = 30,         // the nodes and cores that a job of the next records will hold
  kAllocation = 31,    // the size and the end of the run's allocation
  kGroupDone = 32,     // a group has nothing left to do
  kEndOfRun = 33,      // the run has nothing left to do: seconds since the epoch
  kBeginStream = 34,   // the kinds of events that the stream brings
  kParameters = 35,    // of the job of the next kProbed or kMeasured, as JSON
};

// Types of frames in the log.
enum class FrameType : std::uint8_t {
  kFirstEntries = 1,  // entries; patterns of texts before it are not used after it
  kEntries = 2,       // entries
  kPart = 3,          // the beginning of entries that are longer than a frame; the rest follows
};

// A job's result, as the engine counts it. Stored.
enum class JobResult : std::uint8_t {
  kActive = 0,
  kCompleted = 1,
  kFailed = 2,
  kCanceled = 3,
  kTimeout = 4,
  kRefused = 5,  // by the job manager, after it had got an id
  kUnknown = 6,  // it ended while the stream was lost
  kLost = 7,     // it ended with its run's process, and its submission does not count
};
inline constexpr std::uint8_t kMaxJobResult = 7;

struct Probed {
  std::uint32_t group = 0;
  std::uint64_t first = 0;
  double time = 0;  // seconds since the epoch
  std::vector<double> values;
  // The number of the firing, and the job, for kMeasured.
  std::optional<std::uint64_t> firing;
  journal::JobId job = 0;
  // Parameters of the job as JSON, where its group is divided by them. An entry of its own.
  std::string parameters = {};
};

// A value that a job told. It repeats what the record of its memo says, for readers without the
// plan.
struct Told {
  journal::JobId job = 0;
  bool is_text = false;
  std::uint32_t index = 0;  // among the probe variables of the job's group, or among its texts
  double number = 0;
  std::string_view text;
};

// Encodes entries one after the other into the payload of a frame.
class EntryWriter {
 public:
  // The entries since the last EndFrame().
  std::string_view frame() const { return frame_.view(); }
  void EndFrame() {
    frame_.Clear();
    last_id_ = 0;
    last_time_ = 0;
  }
  // Whether contexts of events are stored. Those of exceptions and memos always are: the notes of
  // exceptions are the reasons of failures, and memos hold what jobs tell.
  void KeepContexts(bool keep) { keeps_contexts_ = keep; }
  // Patterns of texts are stored again. The frame must be empty.
  void ClearPatterns() { texts_.Clear(); }

  void Run(std::string_view id, const std::vector<std::string>& groups);
  void Records(std::span<const journal::Record> records);
  void Result(journal::JobId job, JobResult result);
  void Hosts(journal::JobId job, std::string_view hosts);
  void AddProbed(const Probed& probed);
  void AddTold(const Told& told);
  // `time` in seconds since the epoch.
  void Queued(std::uint32_t group, std::int64_t change, double time);
  void Holds(journal::JobId job, std::uint64_t nodes, std::uint64_t cores);
  void Allocation(double size, double end, double time);
  void GroupDone(std::uint32_t group, double time);
  void Note(std::optional<std::uint64_t> firing, std::string_view text);
  void Supply(std::uint32_t rule, std::span<const double> times);
  // An entry without fields, with a number, a time or a text.
  void Plain(EntryKind kind) { frame_.PutByte(static_cast<std::uint8_t>(kind)); }
  void Number(EntryKind kind, std::uint64_t number);
  void Time(EntryKind kind, double seconds);
  void Text(EntryKind kind, std::string_view text);

 private:
  char* WriteId(char* to, journal::JobId id);
  void PutRecord(const journal::Record& record);
  void PutEvent(const journal::Event& event);

  ByteBuffer frame_;
  TextEncoder texts_;
  bool keeps_contexts_ = true;
  journal::JobId last_id_ = 0;
  std::uint64_t last_time_ = 0;  // its bits
};

// Receives the entries of a log. Views are valid during the call.
class EntryVisitor {
 public:
  virtual void OnRun(std::string_view id, const std::vector<std::string>& groups) = 0;
  virtual void OnRecords(std::span<const journal::Record> records) = 0;
  virtual void OnHosts(journal::JobId job, std::string_view hosts) = 0;
  virtual void OnResult(journal::JobId job, JobResult result) = 0;
  virtual void OnProbed(const Probed& probed) = 0;
  virtual void OnTold(const Told& told) = 0;
  virtual void OnQueued(std::uint32_t group, std::int64_t change, double time) = 0;
  virtual void OnHolds(journal::JobId job, std::uint64_t nodes, std::uint64_t cores) = 0;
  virtual void OnAllocation(double size, double end, double time) = 0;
  virtual void OnGroupDone(std::uint32_t group, double time) = 0;
  virtual void OnNote(std::optional<std::uint64_t> firing, std::string_view text) = 0;
  virtual void OnSupply(std::uint32_t rule, std::vector<double> times) = 0;
  virtual void OnPlain(EntryKind kind) = 0;
  virtual void OnNumber(EntryKind kind, std::uint64_t number) = 0;
  virtual void OnTime(EntryKind kind, double seconds) = 0;
  virtual void OnText(EntryKind kind, std::string_view text) = 0;

 protected:
  ~EntryVisitor() = default;
};

// Ignores the entries that a visitor does not override.
class PartialVisitor : public EntryVisitor {
 public:
  void OnRun(std::string_view /*id*/, const std::vector<std::string>& /*groups*/) override {}
  void OnRecords(std::span<const journal::Record> /*records*/) override {}
  void OnHosts(journal::JobId /*job*/, std::string_view /*hosts*/) override {}
  void OnResult(journal::JobId /*job*/, JobResult /*result*/) override {}
  void OnProbed(const Probed& /*probed*/) override {}
  void OnTold(const Told& /*told*/) override {}
  void OnQueued(std::uint32_t /*group*/, std::int64_t /*change*/, double /*time*/) override {}
  void OnHolds(journal::JobId /*job*/, std::uint64_t /*nodes*/, std::uint64_t /*cores*/) override {}
  void OnAllocation(double /*size*/, double /*end*/, double /*time*/) override {}
  void OnGroupDone(std::uint32_t /*group*/, double /*time*/) override {}
  void OnNote(std::optional<std::uint64_t> /*firing*/, std::string_view /*text*/) override {}
  void OnSupply(std::uint32_t /*rule*/, std::vector<double> /*times*/) override {}
  void OnPlain(EntryKind /*kind*/) override {}
  void OnNumber(EntryKind /*kind*/, std::uint64_t /*number*/) override {}
  void OnTime(EntryKind /*kind*/, double /*seconds*/) override {}
  void OnText(EntryKind /*kind*/, std::string_view /*text*/) override {}

 protected:
  ~PartialVisitor() = default;
};

class EntryReader {
 public:
  // Calls for each entry of a frame. False when the frame has invalid entries: those before them
  // were read.
  bool Read(std::string_view frame, EntryVisitor& visitor);
  void ClearPatterns() { texts_.Clear(); }

 private:
  bool ReadEntry(Cursor& in, EntryVisitor& visitor);
  bool ReadRecords(Cursor& in, EntryVisitor& visitor);
  bool ReadProbed(Cursor& in, bool of_firing, EntryVisitor& visitor);
  bool ReadTold(Cursor& in, EntryVisitor& visitor);
  bool ReadRecord(Cursor& in);
  bool ReadEvent(Cursor& in, std::uint8_t head);
  bool ReadId(Cursor& in, journal::JobId& id);
  // A text in `bytes_`, by its place, because `bytes_` moves when it grows.
  struct Piece {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  bool ReadPiece(Cursor& in, Piece& piece);
  bool ReadText(Cursor& in, std::string& text);

  TextDecoder texts_;
  journal::JobId last_id_ = 0;
  std::uint64_t last_time_ = 0;  // its bits

  // The records that are being read: views are set when all of them are there.
  struct RawEvent {
    journal::Event event;
    Piece exception_name;
    Piece name;
    Piece context;
  };
  struct RawRecord {
    journal::Record record;
    std::size_t events = 0;
    std::uint8_t membership = 0;
    Piece group;
    Piece ensemble;
    Piece origin;
    Piece parameters;
  };
  std::string bytes_;
  std::vector<RawEvent> raw_events_;
  std::vector<RawRecord> raw_records_;
  std::vector<journal::Event> events_;
  std::vector<journal::Record> records_;
};

}  // namespace flux_ensemble::log
