// Decodes the bytes of a journal stream into records. A record is a JSON object; several may share
// a line. Calls may split the bytes anywhere. Only decoder.cpp includes simdjson.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "journal/known_shape.h"
#include "journal/record.h"

namespace flux_ensemble::journal {

// Bytes that must be readable after every buffer given to the decoder. Their value does not matter.
inline constexpr std::size_t kPadding = 64;

// A record longer than this is an error, so that a stream without newlines can't take all memory.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

// A record of a job's whole eventlog, from the answer {"id":I,"eventlog":"..."} of Flux's
// job-info.lookup. Without an eventlog in the answer, the record has no events.
std::string RecordOfLookup(JobId id, std::string_view answer);

// One member of an object. The value is empty for null, an object or an array.
struct Member {
  std::string name;
  std::variant<std::monostate, double, bool, std::string> value;
};

// The members of a JSON object. Invalid JSON ends the list.
std::vector<Member> MembersOf(std::string_view object);

class RecordSink {
 public:
  // Receives records in their order, in batches.
  virtual void OnRecords(std::span<const Record> records) = 0;
  virtual void OnDecodeError(const DecodeError& error) = 0;

 protected:
  ~RecordSink() = default;
};

class Decoder {
 public:
  // The two decoding paths, for tests and benches. Both give the same records.
  enum class Parsing : std::uint8_t { kKnownShapeFirst, kGeneralOnly };

  explicit Decoder(Parsing parsing = Parsing::kKnownShapeFirst);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Decodes every line that `bytes` completes, and keeps the beginning of an incomplete line. At
  // least kPadding bytes after `bytes` must be readable.
  void Feed(std::string_view bytes, RecordSink& sink);

  // Decodes one whole record without a newline, with the same padding.
  void FeedRecord(std::string_view record, RecordSink& sink);

  // Ends the stream: the rest is decoded as a last line without its newline.
  void Finish(RecordSink& sink);

 private:
  class Parser;

  bool Known(std::string_view text, bool whole);
  void Deliver(RecordSink& sink);
  void NextLine();
  void Line(std::string_view line, RecordSink& sink);
  void Keep(std::string_view piece);
  void KeptLine(RecordSink& sink);

  bool known_shape_first_;
  KnownShape known_;
  std::unique_ptr<Parser> parser_;
  std::string carry_;             // the beginning of an incomplete line
  std::uint64_t line_bytes_ = 0;  // of the current line seen so far
  std::uint64_t offset_ = 0;      // of the current line's first byte in the stream
  std::uint64_t line_number_ = 1;
};

}  // namespace flux_ensemble::journal
