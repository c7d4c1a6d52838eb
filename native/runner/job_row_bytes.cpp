#include "runner/job_row_bytes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "log/entries.h"
#include "log/entry_bytes.h"
#include "log/texts.h"

namespace flux_ensemble::runner {

namespace {

using log::BitsOf;
using log::ByteBuffer;
using log::Cursor;
using log::UnZigZag;
using log::ZigZag;

std::uint64_t Difference(std::uint64_t number, std::uint64_t before) {
  return ZigZag(static_cast<std::int64_t>(number - before));
}
std::uint64_t Sum(std::uint64_t difference, std::uint64_t before) {
  return before + static_cast<std::uint64_t>(UnZigZag(difference));
}

// Times of a job, in the order in which they mostly come.
template <typename Columns>
auto TimesOf(Columns& columns) {
  return std::array{&columns.submit, &columns.start, &columns.finish, &columns.clean};
}

// Texts by their columns.
template <typename Columns>
auto TextsOf(Columns& columns) {
  return std::array{&columns.exception, &columns.note, &columns.parameters, &columns.hosts};
}

class RowEncoder {
 public:
  RowEncoder(const JobRowSet& rows, std::span<const std::uint32_t> selected)
      : rows_(rows), columns_(rows.columns), selected_(selected) {}

  std::string Encode() {
    out_.PutNumber(selected_.size());
    Differences(rows_.sequence);
    Differences(columns_.ids);
    Numbers([&](std::uint32_t row) { return columns_.group[row] + std::uint64_t{1}; });
    Numbers([&](std::uint32_t row) { return ZigZag(columns_.entry[row]); });
    Numbers([&](std::uint32_t row) { return std::uint64_t{columns_.attempt[row]}; });
    Numbers([&](std::uint32_t row) { return ZigZag(columns_.rule[row]); });
    Whole(columns_.firing);
    Numbers([&](std::uint32_t row) { return std::uint64_t{columns_.part[row]}; });
    Whole(columns_.index);
    PutTimes();
    Numbers([&](std::uint32_t row) { return ZigZag(columns_.status[row]); });
    Numbers([&](std::uint32_t row) { return std::uint64_t{columns_.result[row]}; });
    Numbers([&](std::uint32_t row) { return std::uint64_t{rows_.severity[row]}; });
    PutTexts();
    PutMeasured();
    PutTold();
    return std::string(out_.view());
  }

 private:
  template <typename Get>
  void Numbers(Get get) {
    for (const std::uint32_t row : selected_) out_.PutNumber(get(row));
  }
  void Differences(const std::vector<std::uint64_t>& column) {
    std::uint64_t before = 0;
    for (const std::uint32_t row : selected_) {
      out_.PutNumber(Difference(column[row], before));
      before = column[row];
    }
  }
  // Whole numbers, or unknown.
  void Whole(const std::vector<double>& column) {
    Numbers([&](std::uint32_t row) {
      return std::isnan(column[row]) ? 0 : static_cast<std::uint64_t>(column[row]) + 1;
    });
  }
  // Flags for the times that are known, then each as its difference from the one before.
  void PutTimes() {
    std::uint64_t last_submit = 0;
    for (const std::uint32_t row : selected_) {
      std::uint8_t known = 0;
      const auto times = TimesOf(columns_);
      for (std::size_t i = 0; i < times.size(); ++i) {
        if (!std::isnan((*times[i])[row])) known |= static_cast<std::uint8_t>(1u << i);
      }
      out_.PutByte(known);
      std::uint64_t before = last_submit;
      for (std::size_t i = 0; i < times.size(); ++i) {
        if ((known >> i & 1) == 0) continue;
        const std::uint64_t bits = BitsOf((*times[i])[row]);
        out_.PutNumber(Difference(bits, before));
        before = bits;
        if (i == 0) last_submit = bits;
      }
    }
  }
  void PutTexts() {
    log::TextEncoder texts;
    for (const auto* column : TextsOf(columns_)) {
      for (const std::uint32_t row : selected_) texts.Put(out_, columns_.texts[(*column)[row]]);
    }
  }
  void PutMeasured() {
    PutValues(columns_.measured_row, [&](std::size_t i) {
      out_.PutNumber(columns_.measured_variable[i]);
      out_.PutDouble(columns_.measured_value[i]);
    });
  }
  void PutTold() {
    PutValues(columns_.told_row, [&](std::size_t i) {
      out_.PutNumber(columns_.told_name[i]);
      out_.PutBytes(columns_.texts[columns_.told_text[i]]);
    });
  }
  // Values of the selected rows, by the place of the row in the bytes.
  template <typename Put>
  void PutValues(const std::vector<std::uint32_t>& of_row, Put put) {
    std::vector<std::uint32_t> places(columns_.size(), kNoPlace);
    for (std::uint32_t place = 0; place < selected_.size(); ++place) {
      places[selected_[place]] = place;
    }
    out_.PutNumber(static_cast<std::uint64_t>(
        std::ranges::count_if(of_row, [&](std::uint32_t row) { return places[row] != kNoPlace; })));
    for (std::size_t i = 0; i < of_row.size(); ++i) {
      if (places[of_row[i]] == kNoPlace) continue;
      out_.PutNumber(places[of_row[i]]);
      put(i);
    }
  }

  static constexpr std::uint32_t kNoPlace = ~std::uint32_t{0};

  const JobRowSet& rows_;
  const JobColumns& columns_;
  std::span<const std::uint32_t> selected_;
  ByteBuffer out_;
};

class RowDecoder {
 public:
  RowDecoder(std::string_view bytes, JobRowSet& rows)
      : in_(bytes), rows_(rows), columns_(rows.columns) {}

  bool Decode() {
    const std::uint64_t count = in_.Number();
    // A row has at least a byte in each column.
    if (!in_.valid() || count > in_.left()) return false;
    count_ = static_cast<std::size_t>(count);
    Differences(rows_.sequence);
    Differences(columns_.ids);
    Numbers(columns_.group, [](std::uint64_t n) { return static_cast<std::uint32_t>(n - 1); });
    Numbers(columns_.entry, [](std::uint64_t n) { return static_cast<std::int32_t>(UnZigZag(n)); });
    Numbers(columns_.attempt, [](std::uint64_t n) { return static_cast<std::uint32_t>(n); });
    Numbers(columns_.rule, [](std::uint64_t n) { return static_cast<std::int32_t>(UnZigZag(n)); });
    Numbers(columns_.firing, &Whole);
    Numbers(columns_.part, [](std::uint64_t n) { return static_cast<std::uint32_t>(n); });
    Numbers(columns_.index, &Whole);
    TakeTimes();
    Numbers(columns_.status,
            [](std::uint64_t n) { return static_cast<std::int32_t>(UnZigZag(n)); });
    Numbers(columns_.result, [](std::uint64_t n) { return static_cast<std::uint8_t>(n); });
    Numbers(rows_.severity, [](std::uint64_t n) { return static_cast<std::uint8_t>(n); });
    return TakeTexts() && TakeMeasured() && TakeTold() && in_.valid() && in_.at_end() &&
           HasKnownResults();
  }

 private:
  static double Whole(std::uint64_t number) {
    return number == 0 ? kUnknown : static_cast<double>(number - 1);
  }
  template <typename T, typename Make>
  void Numbers(std::vector<T>& column, Make make) {
    column.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) column.push_back(make(in_.Number()));
  }
  void Differences(std::vector<std::uint64_t>& column) {
    column.reserve(count_);
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      column.push_back(before = Sum(in_.Number(), before));
    }
  }
  void TakeTimes() {
    const auto times = TimesOf(columns_);
    for (auto* column : times) column->assign(count_, kUnknown);
    std::uint64_t last_submit = 0;
    for (std::size_t row = 0; row < count_; ++row) {
      const std::uint8_t known = in_.Byte();
      std::uint64_t before = last_submit;
      for (std::size_t i = 0; i < times.size(); ++i) {
        if ((known >> i & 1) == 0) continue;
        before = Sum(in_.Number(), before);
        (*times[i])[row] = std::bit_cast<double>(before);
        if (i == 0) last_submit = before;
      }
    }
  }
  // Each text is in the table once or more often.
  bool TakeTexts() {
    log::TextDecoder texts;
    std::string text;
    std::string last;
    columns_.texts = {""};
    for (auto* column : TextsOf(columns_)) {
      column->reserve(count_);
      for (std::size_t i = 0; i < count_; ++i) {
        text.clear();
        if (!texts.Take(in_, text)) return false;
        // Neighbours often have the same text.
        if (text.empty()) {
          column->push_back(0);
          continue;
        }
        if (columns_.texts.size() == 1 || text != columns_.texts.back()) {
          columns_.texts.push_back(text);
        }
        column->push_back(static_cast<std::uint32_t>(columns_.texts.size() - 1));
      }
    }
    return true;
  }
  bool TakeMeasured() {
    return TakeValues(columns_.measured_row, [&] {
      columns_.measured_variable.push_back(static_cast<std::uint32_t>(in_.Number()));
      columns_.measured_value.push_back(in_.Double());
    });
  }
  bool TakeTold() {
    return TakeValues(columns_.told_row, [&] {
      columns_.told_name.push_back(static_cast<std::uint32_t>(in_.Number()));
      const std::string_view text = in_.Bytes();
      columns_.told_text.push_back(static_cast<std::uint32_t>(columns_.texts.size()));
      columns_.texts.emplace_back(text);
    });
  }
  template <typename Take>
  bool TakeValues(std::vector<std::uint32_t>& of_row, Take take) {
    const std::uint64_t count = in_.Number();
    for (std::uint64_t i = 0; i < count && in_.valid(); ++i) {
      const std::uint64_t row = in_.Number();
      if (row >= count_) return false;
      of_row.push_back(static_cast<std::uint32_t>(row));
      take();
    }
    return true;
  }
  bool HasKnownResults() const {
    for (const std::uint8_t result : columns_.result) {
      if (result > log::kMaxJobResult) return false;
    }
    return true;
  }

  Cursor in_;
  JobRowSet& rows_;
  JobColumns& columns_;
  std::size_t count_ = 0;
};

}  // namespace

std::string EncodeRows(const JobRowSet& rows, std::span<const std::uint32_t> selected) {
  return RowEncoder(rows, selected).Encode();
}

bool DecodeRows(std::string_view bytes, JobRowSet& rows) {
  return RowDecoder(bytes, rows).Decode();
}

}  // namespace flux_ensemble::runner
