// Decodes the bytes of a journal stream into records. A record is a JSON object; several may share
// a line. Calls may split the bytes anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "journal/fast_record_parser.h"
#include "journal/json_record_parser.h"
#include "journal/padding.h"
#include "journal/record.h"

namespace flux_ensemble::journal {

// A record longer than this is an error, so that a stream without newlines can't take all memory.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

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
  enum class Parsing : std::uint8_t { kFastFirst, kGeneralOnly };

  explicit Decoder(Parsing parsing = Parsing::kFastFirst);
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
  bool DecodeFast(std::string_view text, bool whole);
  void Deliver(RecordSink& sink);
  void NextLine();
  void Line(std::string_view line, RecordSink& sink);
  void Carry(std::string_view piece);
  void CarriedLine(RecordSink& sink);

  bool fast_first_;
  FastRecordParser fast_;
  JsonRecordParser parser_;
  std::string carry_;             // the beginning of an incomplete line
  std::uint64_t line_bytes_ = 0;  // of the current line seen so far
  std::uint64_t offset_ = 0;      // of the current line's first byte in the stream
  std::uint64_t line_number_ = 1;
};

}  // namespace flux_ensemble::journal
