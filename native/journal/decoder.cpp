#include "journal/decoder.h"

#include <cstring>
#include <utility>

#include "journal/json_text.h"

namespace flux_ensemble::journal {

namespace {

constexpr const char* kTooLong = "the record is longer than 64 MiB";

// Buffers that grew beyond this for one record are freed after it.
constexpr std::size_t kLargeRecordBytes = std::size_t{4} << 20;

}  // namespace

Decoder::Decoder(Parsing parsing) : fast_first_(parsing == Parsing::kFastFirst) {}

void Decoder::Feed(std::string_view bytes, RecordSink& sink) {
  while (!bytes.empty()) {
    if (line_bytes_ == 0 && DecodeFast(bytes, false)) {
      bytes.remove_prefix(line_bytes_ + 1);
      NextLine();
      if (fast_.full()) Deliver(sink);
      continue;
    }
    const void* newline = std::memchr(bytes.data(), '\n', bytes.size());
    if (newline == nullptr) {
      Carry(bytes);
      break;
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
    const std::string_view piece = bytes.substr(0, length);
    bytes.remove_prefix(length + 1);
    if (line_bytes_ == 0) {
      line_bytes_ = length;
      Line(piece, sink);
    } else {
      Carry(piece);
      CarriedLine(sink);
    }
    NextLine();
  }
  Deliver(sink);
}

void Decoder::FeedRecord(std::string_view record, RecordSink& sink) {
  line_bytes_ = record.size();
  if (!DecodeFast(record, true)) Line(record, sink);
  Deliver(sink);
  NextLine();
}

void Decoder::Finish(RecordSink& sink) {
  if (line_bytes_ == 0) return;
  CarriedLine(sink);
  NextLine();
  --offset_;  // it had no newline
}

// Adds the record at the beginning of `text` by the fast path, if it is alone on its line. `text`
// begins with the whole line.
bool Decoder::DecodeFast(std::string_view text, bool whole) {
  if (!fast_first_) return false;
  const std::size_t taken = fast_.Decode(text);
  if (taken == 0) return false;
  const bool line = whole ? taken == text.size() : taken < text.size() && text[taken] == '\n';
  if (!line || taken > kMaxRecordBytes) {
    fast_.DropLast();
    return false;
  }
  line_bytes_ = taken;
  return true;
}

// Delivers the records of the batch.
void Decoder::Deliver(RecordSink& sink) {
  const std::span<const Record> records = fast_.records();
  if (!records.empty()) sink.OnRecords(records);
  fast_.Clear();
}

void Decoder::NextLine() {
  offset_ += line_bytes_ + 1;
  line_bytes_ = 0;
  ++line_number_;
}

void Decoder::Carry(std::string_view piece) {
  line_bytes_ += piece.size();
  if (line_bytes_ > kMaxRecordBytes) {
    // For a line that is too long, only the length is kept.
    carry_ = {};
  } else {
    carry_.append(piece);
  }
}

void Decoder::CarriedLine(RecordSink& sink) {
  const std::size_t size = carry_.size();
  if (line_bytes_ > kMaxRecordBytes) {
    Deliver(sink);
    sink.OnDecodeError({offset_, line_number_, kTooLong});
  } else {
    carry_.append(kPadding, '\0');
    const std::string_view line = std::string_view(carry_).substr(0, size);
    if (!DecodeFast(line, true)) Line(line, sink);
    Deliver(sink);
  }
  carry_.clear();
  if (carry_.capacity() > kLargeRecordBytes) carry_ = {};
}

void Decoder::Line(std::string_view line, RecordSink& sink) {
  Deliver(sink);
  if (line.size() > kMaxRecordBytes) {
    sink.OnDecodeError({offset_, line_number_, kTooLong});
    return;
  }
  const char* const begin = line.data();
  bool first = true;
  for (line = TrimLeft(line); !line.empty(); line = TrimLeft(line)) {
    // The parser scans its whole input, so it receives the rest of the line once.
    const std::string_view text = std::exchange(first, false) ? line : FirstObject(line);
    const std::size_t taken = parser_.Decode(text, line.size() + kPadding);
    if (taken == 0) {
      const auto start = static_cast<std::uint64_t>(line.data() - begin);
      sink.OnDecodeError({offset_ + start + parser_.error_at(), line_number_, parser_.reason()});
      break;
    }
    sink.OnRecords({&parser_.record(), 1});
    line.remove_prefix(taken);
  }
  if (line_bytes_ > kLargeRecordBytes) parser_.FreeMemory();
}

}  // namespace flux_ensemble::journal
