// The general path of the decoder: parses any record by simdjson, and says why a record is invalid.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "journal/record.h"

namespace flux_ensemble::journal {

class JsonRecordParser {
 public:
  JsonRecordParser();
  ~JsonRecordParser();
  JsonRecordParser(const JsonRecordParser&) = delete;
  JsonRecordParser& operator=(const JsonRecordParser&) = delete;

  // Decodes the JSON document at the beginning of `text`. Returns its size in bytes, or 0 with
  // `reason()` and `error_at()` set. `capacity` is the number of readable bytes from the beginning
  // of `text`, kPadding of them after its end.
  std::size_t Decode(std::string_view text, std::size_t capacity);

  // The decoded record. Its views are valid until the next call of Decode() or FreeMemory().
  const Record& record() const;
  const std::string& reason() const;
  // The place of the error, in bytes from the beginning of the text.
  std::size_t error_at() const;

  // Frees the buffers. They are several times as large as the largest text so far.
  void FreeMemory();

 private:
  class Parser;

  std::unique_ptr<Parser> parser_;
};

}  // namespace flux_ensemble::journal
