#include "log/entries.h"

#include <bit>
#include <cmath>

#include "journal/event_kind.h"

namespace flux_ensemble::log {

namespace {

using journal::Event;
using journal::EventKind;
using journal::Record;

// A record's first byte: two flags, and the number of its events, or kManyEvents with the number
// after it.
constexpr std::uint8_t kSentinel = 1;
constexpr std::uint8_t kHasMembership = 2;
constexpr std::uint8_t kManyEvents = 63;

// A membership's first byte: the fields that it has.
constexpr std::uint8_t kHasGroup = 1;
constexpr std::uint8_t kHasEnsemble = 2;
constexpr std::uint8_t kHasOrigin = 4;
constexpr std::uint8_t kHasParameters = 8;

// An event's first byte: its kind, and a flag.
constexpr std::uint8_t kHasContext = 0x80;
constexpr std::uint8_t kKindMask = 0x7f;

// Whether the kind stands for several names.
bool IsNamed(EventKind kind) {
  return kind == EventKind::kDebug || kind == EventKind::kOther;
}

// Memory for what an invalid count would claim is never taken.
bool Fits(std::uint64_t count, std::size_t bytes_each, const Cursor& in) {
  return count <= in.left() / bytes_each;
}

}  // namespace

char* EntryWriter::WriteId(char* to, journal::JobId id) {
  const std::uint64_t difference = ZigZag(static_cast<std::int64_t>(id - last_id_));
  last_id_ = id;
  return WriteNumber(to, difference);
}

void EntryWriter::Run(std::string_view id, const std::vector<std::string>& groups) {
  Plain(EntryKind::kRun);
  frame_.PutBytes(id);
  frame_.PutNumber(groups.size());
  for (const std::string& group : groups) frame_.PutBytes(group);
}

void EntryWriter::Records(std::span<const Record> records) {
  Plain(EntryKind::kRecords);
  frame_.PutNumber(records.size());
  for (const Record& record : records) PutRecord(record);
}

void EntryWriter::PutRecord(const Record& record) {
  const std::size_t count = record.events.size();
  const bool many = count >= kManyEvents;
  char* end = frame_.Room(1 + 2 * kMaxNumberBytes);
  *end++ = static_cast<char>((record.sentinel ? kSentinel : 0) |
                             (record.membership ? kHasMembership : 0) |
                             (many ? kManyEvents : count) << 2);
  if (many) end = WriteNumber(end, count);
  frame_.End(WriteId(end, record.id));
  if (record.membership) {
    const journal::Membership& membership = *record.membership;
    frame_.PutByte(static_cast<std::uint8_t>(
        (membership.group ? kHasGroup : 0) | (membership.ensemble ? kHasEnsemble : 0) |
        (membership.origin ? kHasOrigin : 0) | (membership.parameters ? kHasParameters : 0)));
    for (const auto& text :
         {membership.group, membership.ensemble, membership.origin, membership.parameters}) {
      if (text) texts_.Put(frame_, *text);
    }
  }
  for (const Event& event : record.events) PutEvent(event);
}

void EntryWriter::PutEvent(const Event& event) {
  const bool has_context =
      !event.context.empty() &&
      (keeps_contexts_ || event.kind == EventKind::kException || event.kind == EventKind::kMemo);
  const std::uint64_t time = BitsOf(event.timestamp);
  char* const to = frame_.Room(1 + kMaxNumberBytes);
  *to = static_cast<char>(static_cast<std::uint8_t>(event.kind) | (has_context ? kHasContext : 0));
  frame_.End(WriteNumber(to + 1, ZigZag(static_cast<std::int64_t>(time - last_time_))));
  last_time_ = time;
  if (event.kind == EventKind::kFinish) {
    frame_.PutNumber(ZigZag(event.status));
  } else if (event.kind == EventKind::kException) {
    frame_.PutByte(static_cast<std::uint8_t>(event.severity));
    frame_.PutByte(static_cast<std::uint8_t>(event.exception_type));
    texts_.Put(frame_, event.exception_name);
  } else if (IsNamed(event.kind)) {
    texts_.Put(frame_, event.name);
  }
  if (has_context) texts_.Put(frame_, event.context);
}

void EntryWriter::Result(journal::JobId job, JobResult result) {
  char* end = frame_.Room(2 + kMaxNumberBytes);
  *end = static_cast<char>(EntryKind::kResult);
  end = WriteId(end + 1, job);
  *end++ = static_cast<char>(result);
  frame_.End(end);
}

void EntryWriter::Hosts(journal::JobId job, std::string_view hosts) {
  Plain(EntryKind::kHosts);
  frame_.End(WriteId(frame_.Room(kMaxNumberBytes), job));
  texts_.Put(frame_, hosts);
}

void EntryWriter::AddProbed(const Probed& probed) {
  Plain(probed.firing ? EntryKind::kMeasured : EntryKind::kProbed);
  if (probed.firing) {
    frame_.PutNumber(*probed.firing);
    frame_.End(WriteId(frame_.Room(kMaxNumberBytes), probed.job));
  }
  frame_.PutNumber(probed.group);
  frame_.PutNumber(probed.first);
  frame_.PutDouble(probed.time);
  frame_.PutNumber(probed.values.size());
  for (const double value : probed.values) frame_.PutDouble(value);
}

void EntryWriter::AddTold(const Told& told) {
  Plain(EntryKind::kTold);
  frame_.End(WriteId(frame_.Room(kMaxNumberBytes), told.job));
  frame_.PutNumber(std::uint64_t{told.index} << 1 | (told.is_text ? 1 : 0));
  if (told.is_text) {
    texts_.Put(frame_, told.text);
  } else {
    frame_.PutDouble(told.number);
  }
}

void EntryWriter::Queued(std::uint32_t group, std::int64_t change, double time) {
  Plain(EntryKind::kQueued);
  frame_.PutNumber(group);
  frame_.PutNumber(ZigZag(change));
  frame_.PutDouble(time);
}

void EntryWriter::Holds(journal::JobId job, std::uint64_t nodes, std::uint64_t cores) {
  Plain(EntryKind::kHolds);
  frame_.End(WriteId(frame_.Room(kMaxNumberBytes), job));
  frame_.PutNumber(nodes);
  frame_.PutNumber(cores);
}

void EntryWriter::Allocation(double size, double end, double time) {
  Plain(EntryKind::kAllocation);
  frame_.PutDouble(size);
  frame_.PutDouble(end);
  frame_.PutDouble(time);
}

void EntryWriter::GroupDone(std::uint32_t group, double time) {
  Plain(EntryKind::kGroupDone);
  frame_.PutNumber(group);
  frame_.PutDouble(time);
}

void EntryWriter::Note(std::optional<std::uint64_t> firing, std::string_view text) {
  Plain(EntryKind::kNote);
  frame_.PutNumber(firing ? *firing + 1 : 0);
  frame_.PutBytes(text);
}

void EntryWriter::Supply(std::uint32_t rule, std::span<const double> times) {
  Plain(EntryKind::kSupply);
  frame_.PutNumber(rule);
  frame_.PutNumber(times.size());
  for (const double time : times) frame_.PutDouble(time);
}

void EntryWriter::Number(EntryKind kind, std::uint64_t number) {
  Plain(kind);
  frame_.PutNumber(number);
}

void EntryWriter::Time(EntryKind kind, double seconds) {
  Plain(kind);
  frame_.PutDouble(seconds);
}

void EntryWriter::Text(EntryKind kind, std::string_view text) {
  Plain(kind);
  texts_.Put(frame_, text);
}

bool EntryReader::Read(std::string_view frame, EntryVisitor& visitor) {
  Cursor in(frame);
  last_id_ = 0;
  last_time_ = 0;
  while (!in.at_end()) {
    if (!ReadEntry(in, visitor)) return false;
  }
  return in.valid();
}

bool EntryReader::ReadId(Cursor& in, journal::JobId& id) {
  id = last_id_ + static_cast<std::uint64_t>(UnZigZag(in.Number()));
  last_id_ = id;
  return in.valid();
}

bool EntryReader::ReadText(Cursor& in, std::string& text) {
  text.clear();
  return texts_.Take(in, text);
}

bool EntryReader::ReadPiece(Cursor& in, Piece& piece) {
  piece.begin = bytes_.size();
  const bool good = texts_.Take(in, bytes_);
  piece.size = bytes_.size() - piece.begin;
  return good;
}

bool EntryReader::ReadEntry(Cursor& in, EntryVisitor& visitor) {
  const auto kind = static_cast<EntryKind>(in.Byte());
  switch (kind) {
    case EntryKind::kRun: {
      const std::string_view id = in.Bytes();
      const std::uint64_t count = in.Number();
      if (!Fits(count, 1, in)) return false;
      std::vector<std::string> groups;
      for (std::uint64_t i = 0; i < count; ++i) groups.emplace_back(in.Bytes());
      if (!in.valid()) return false;
      visitor.OnRun(id, groups);
      return true;
    }
    case EntryKind::kRecords:
      return ReadRecords(in, visitor);
    case EntryKind::kResult: {
      journal::JobId id = 0;
      if (!ReadId(in, id)) return false;
      const std::uint8_t result = in.Byte();
      if (!in.valid() || result > kMaxJobResult) return false;
      visitor.OnResult(id, static_cast<JobResult>(result));
      return true;
    }
    case EntryKind::kHosts: {
      journal::JobId id = 0;
      std::string hosts;
      if (!ReadId(in, id) || !ReadText(in, hosts)) return false;
      visitor.OnHosts(id, hosts);
      return true;
    }
    case EntryKind::kProbed:
      return ReadProbed(in, false, visitor);
    case EntryKind::kMeasured:
      return ReadProbed(in, true, visitor);
    case EntryKind::kTold:
      return ReadTold(in, visitor);
    case EntryKind::kQueued: {
      const std::uint64_t group = in.Number();
      const std::int64_t change = UnZigZag(in.Number());
      const double time = in.Double();
      if (!in.valid() || group > UINT32_MAX || !std::isfinite(time)) return false;
      visitor.OnQueued(static_cast<std::uint32_t>(group), change, time);
      return true;
    }
    case EntryKind::kHolds: {
      journal::JobId id = 0;
      if (!ReadId(in, id)) return false;
      const std::uint64_t nodes = in.Number();
      const std::uint64_t cores = in.Number();
      if (in.valid()) visitor.OnHolds(id, nodes, cores);
      return in.valid();
    }
    case EntryKind::kAllocation: {
      const double size = in.Double();
      const double end = in.Double();
      const double time = in.Double();
      if (!in.valid() || !std::isfinite(time)) return false;
      visitor.OnAllocation(size, end, time);
      return true;
    }
    case EntryKind::kGroupDone: {
      const std::uint64_t group = in.Number();
      const double time = in.Double();
      if (!in.valid() || group > UINT32_MAX || !std::isfinite(time)) return false;
      visitor.OnGroupDone(static_cast<std::uint32_t>(group), time);
      return true;
    }
    case EntryKind::kNote: {
      const std::uint64_t number = in.Number();
      const std::string_view text = in.Bytes();
      if (!in.valid()) return false;
      visitor.OnNote(number == 0 ? std::nullopt : std::optional(number - 1), text);
      return true;
    }
    case EntryKind::kSupply: {
      const std::uint64_t rule = in.Number();
      const std::uint64_t count = in.Number();
      if (!in.valid() || rule > UINT32_MAX || !Fits(count, sizeof(double), in)) return false;
      std::vector<double> times;
      for (std::uint64_t i = 0; i < count; ++i) times.push_back(in.Double());
      visitor.OnSupply(static_cast<std::uint32_t>(rule), std::move(times));
      return true;
    }
    case EntryKind::kSettle:
    case EntryKind::kFinishStream:
    case EntryKind::kEnd:
    case EntryKind::kRenewCron:
    case EntryKind::kLookForCancels:
    case EntryKind::kInterrupted:
    case EntryKind::kRestored:
    case EntryKind::kKeepUnknown:
    case EntryKind::kReconciled:
      visitor.OnPlain(kind);
      return true;
    case EntryKind::kGoTo:
    case EntryKind::kResumeStream:
    case EntryKind::kBeginStream:
    case EntryKind::kDecodeErrors:
    case EntryKind::kDone: {
      const std::uint64_t number = in.Number();
      if (in.valid()) visitor.OnNumber(kind, number);
      return in.valid();
    }
    case EntryKind::kTime:
    case EntryKind::kHeartbeat:
    case EntryKind::kStart:
    case EntryKind::kStreamAhead:
    case EntryKind::kEndOfRun: {
      const double seconds = in.Double();
      if (!in.valid() || !std::isfinite(seconds)) return false;
      visitor.OnTime(kind, seconds);
      return true;
    }
    case EntryKind::kAddRule:
    case EntryKind::kParameters:
    case EntryKind::kExpectCancel: {
      std::string text;
      if (!ReadText(in, text)) return false;
      visitor.OnText(kind, text);
      return true;
    }
  }
  // Entries of a kind that is not known here have an unknown length.
  return false;
}

bool EntryReader::ReadProbed(Cursor& in, bool of_firing, EntryVisitor& visitor) {
  Probed probed;
  if (of_firing) {
    probed.firing = in.Number();
    if (!ReadId(in, probed.job)) return false;
  }
  const std::uint64_t group = in.Number();
  probed.first = in.Number();
  probed.time = in.Double();
  const std::uint64_t count = in.Number();
  if (!in.valid() || group > UINT32_MAX || !Fits(count, sizeof(double), in)) return false;
  probed.group = static_cast<std::uint32_t>(group);
  for (std::uint64_t i = 0; i < count; ++i) probed.values.push_back(in.Double());
  visitor.OnProbed(probed);
  return true;
}

bool EntryReader::ReadTold(Cursor& in, EntryVisitor& visitor) {
  Told told;
  if (!ReadId(in, told.job)) return false;
  const std::uint64_t head = in.Number();
  if (!in.valid() || head >> 1 > UINT32_MAX) return false;
  told.is_text = (head & 1) != 0;
  told.index = static_cast<std::uint32_t>(head >> 1);
  std::string text;
  if (told.is_text && !ReadText(in, text)) return false;
  if (!told.is_text) told.number = in.Double();
  told.text = text;
  if (!in.valid()) return false;
  visitor.OnTold(told);
  return true;
}

bool EntryReader::ReadRecords(Cursor& in, EntryVisitor& visitor) {
  const std::uint64_t count = in.Number();
  if (!Fits(count, 2, in)) return false;
  bytes_.clear();
  raw_events_.clear();
  raw_records_.clear();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!ReadRecord(in)) return false;
  }
  const auto view = [this](Piece piece) {
    return std::string_view(bytes_).substr(piece.begin, piece.size);
  };
  events_.clear();
  for (const RawEvent& raw : raw_events_) {
    Event event = raw.event;
    event.exception_name = view(raw.exception_name);
    event.name = IsNamed(event.kind) ? view(raw.name) : journal::NameOf(event.kind);
    event.context = view(raw.context);
    events_.push_back(event);
  }
  records_.clear();
  std::size_t first = 0;
  for (const RawRecord& raw : raw_records_) {
    Record record = raw.record;
    record.events = std::span(events_).subspan(first, raw.events);
    first += raw.events;
    if (record.membership) {
      journal::Membership& membership = *record.membership;
      if ((raw.membership & kHasGroup) != 0) membership.group = view(raw.group);
      if ((raw.membership & kHasEnsemble) != 0) membership.ensemble = view(raw.ensemble);
      if ((raw.membership & kHasOrigin) != 0) membership.origin = view(raw.origin);
      if ((raw.membership & kHasParameters) != 0) membership.parameters = view(raw.parameters);
    }
    records_.push_back(record);
  }
  visitor.OnRecords(records_);
  return true;
}

bool EntryReader::ReadRecord(Cursor& in) {
  const std::uint8_t head = in.Byte();
  RawRecord raw;
  raw.record.sentinel = (head & kSentinel) != 0;
  const std::uint8_t few = head >> 2;
  const std::uint64_t events = few == kManyEvents ? in.Number() : few;
  // An event has two bytes at least.
  if (!Fits(events, 2, in)) return false;
  raw.events = events;
  if (!ReadId(in, raw.record.id)) return false;
  if ((head & kHasMembership) != 0) {
    raw.record.membership.emplace();
    raw.membership = in.Byte();
    if ((raw.membership & kHasGroup) != 0 && !ReadPiece(in, raw.group)) return false;
    if ((raw.membership & kHasEnsemble) != 0 && !ReadPiece(in, raw.ensemble)) return false;
    if ((raw.membership & kHasOrigin) != 0 && !ReadPiece(in, raw.origin)) return false;
    if ((raw.membership & kHasParameters) != 0 && !ReadPiece(in, raw.parameters)) return false;
  }
  for (std::uint64_t i = 0; i < events; ++i) {
    const std::uint8_t event = in.Byte();
    if (!in.valid() || !ReadEvent(in, event)) return false;
  }
  raw_records_.push_back(raw);
  return true;
}

bool EntryReader::ReadEvent(Cursor& in, std::uint8_t head) {
  const std::uint8_t kind = head & kKindMask;
  if (kind >= journal::kEventKindCount) return false;
  RawEvent raw;
  raw.event.kind = static_cast<EventKind>(kind);
  last_time_ += static_cast<std::uint64_t>(UnZigZag(in.Number()));
  raw.event.timestamp = std::bit_cast<double>(last_time_);
  if (!(raw.event.timestamp > 0) || !std::isfinite(raw.event.timestamp)) return false;
  if (raw.event.kind == EventKind::kFinish) {
    raw.event.status = static_cast<std::int32_t>(UnZigZag(in.Number()));
  } else if (raw.event.kind == EventKind::kException) {
    const std::uint8_t severity = in.Byte();
    const std::uint8_t type = in.Byte();
    if (severity > 7 || type > static_cast<std::uint8_t>(journal::ExceptionType::kTimeout)) {
      return false;
    }
    raw.event.severity = static_cast<std::int8_t>(severity);
    raw.event.exception_type = static_cast<journal::ExceptionType>(type);
    if (!ReadPiece(in, raw.exception_name)) return false;
  } else if (IsNamed(raw.event.kind)) {
    if (!ReadPiece(in, raw.name)) return false;
  }
  if ((head & kHasContext) != 0 && !ReadPiece(in, raw.context)) return false;
  if (!in.valid()) return false;
  raw_events_.push_back(raw);
  return true;
}

}  // namespace flux_ensemble::log
