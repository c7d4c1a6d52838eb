// Bytes of a journal stream -> records. A record is a JSON object that ends its line; several may
// share a line. Bytes may be cut anywhere between two calls. The only includer of simdjson is
// decoder.cpp.
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

// Bytes that must be readable behind every buffer given to the decoder (their value does not
// matter).
inline constexpr std::size_t kPadding = 64;

// A record longer than this is an error, so that a stream without newlines can't take all memory.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

// A record of a job's whole eventlog, from the answer {"id":I,"eventlog":"..."} of Flux's
// job-info.lookup; a record without events when the answer holds none.
std::string RecordOfLookup(JobId id, std::string_view answer);

// One member of an object: nothing for a value that is null, an object or an array.
struct Member {
  std::string name;
  std::variant<std::monostate, double, bool, std::string> value;
};

// The members of an object in JSON; those up to where it is broken.
std::vector<Member> MembersOf(std::string_view object);

class RecordSink {
 public:
  // Records in the order in which they came, some at a time.
  virtual void OnRecords(std::span<const Record> records) = 0;
  virtual void OnDecodeError(const DecodeError& error) = 0;

 protected:
  ~RecordSink() = default;
};

class Decoder {
 public:
  // What is worth comparing with each other, in tests and benches: both say the same.
  enum class Parsing : std::uint8_t { kKnownShapeFirst, kGeneralOnly };

  explicit Decoder(Parsing parsing = Parsing::kKnownShapeFirst);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Decodes every line that `bytes` completes; keeps the beginning of an incomplete one. At least
  // kPadding bytes behind `bytes` must be readable.
  void Feed(std::string_view bytes, RecordSink& sink);

  // Decodes one whole record that came by itself, without a newline; padded likewise.
  void FeedRecord(std::string_view record, RecordSink& sink);

  // The stream has ended: what is left is decoded as a last line without its newline.
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
