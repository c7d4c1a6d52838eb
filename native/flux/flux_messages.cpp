#include "flux/flux_messages.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace flux_ensemble::flux {

namespace {

// RFC 4648.
void AppendBase64(std::string_view bytes, std::string& to) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const auto byte = static_cast<unsigned char>(j < count ? bytes[i + j] : 0);
      bits = bits << 8 | byte;
    }
    for (std::size_t j = 0; j <= 3; ++j) {
      to.push_back(j <= count ? kDigits[bits >> (18 - 6 * j) & 63] : '=');
    }
  }
}

}  // namespace

std::string JournalRequest(const JournalOptions& options) {
  std::string request = options.full ? "{\"full\":true" : "{\"full\":false";
  if (!options.allow.empty()) {
    request.append(",\"allow\":{");
    for (const std::string& name : options.allow) {
      if (request.back() != '{') request.push_back(',');
      request.append(Quote(name)).append(":1");
    }
    request.push_back('}');
  }
  request.push_back('}');
  return request;
}

// HEADER.PAYLOAD.SIGNATURE (RFC 15) with the mechanism `none`, which libflux-core also uses for an
// instance's owner. It is written here because flux_job_submit leaks some kilobytes a job when it
// is built without flux-security.
void WriteSubmitRequest(std::uint32_t userid, std::string_view jobspec, int urgency, int flags,
                        std::string& request) {
  std::string header = "version";
  const auto append = [&header](std::string_view text) { header.append(1, '\0').append(text); };
  append("i1");
  append("userid");
  append(std::string("i").append(std::to_string(userid)));
  append("mechanism");
  append("snone");
  append("");
  request.assign("{\"J\":\"");
  AppendBase64(header, request);
  request.push_back('.');
  request.reserve(request.size() + (jobspec.size() + 2) / 3 * 4 + 64);
  AppendBase64(jobspec, request);
  request.append(".none\",\"urgency\":").append(std::to_string(urgency));
  request.append(",\"flags\":").append(std::to_string(flags)).push_back('}');
}

void WriteJobspec(const runner::SubmitOrder& order, std::uint64_t index, std::string& text) {
  text.assign(order.portion.jobspec->head);
  text.append("\"rule\":").append(std::to_string(order.rule));
  text.append(",\"firing\":").append(std::to_string(order.firing));
  if (order.part > 0) text.append(",\"part\":").append(std::to_string(order.part));
  text.append(",\"index\":").append(std::to_string(order.first_index + index));
  if (order.attempt > 0) text.append(",\"attempt\":").append(std::to_string(order.attempt));
  text.append(order.portion.jobspec->tail);
}

std::string ErrorName(int errnum) {
  static constexpr std::array<std::pair<int, const char*>, 16> kNames = {{
      {EPERM, "EPERM"},
      {ENOENT, "ENOENT"},
      {EACCES, "EACCES"},
      {EINVAL, "EINVAL"},
      {ENOSYS, "ENOSYS"},
      {ENODATA, "ENODATA"},
      {EPROTO, "EPROTO"},
      {ECONNREFUSED, "ECONNREFUSED"},
      {ECONNRESET, "ECONNRESET"},
      {EPIPE, "EPIPE"},
      {EHOSTUNREACH, "EHOSTUNREACH"},
      {ETIMEDOUT, "ETIMEDOUT"},
      {EAGAIN, "EAGAIN"},
      {ENOMEM, "ENOMEM"},
      {ENOTSOCK, "ENOTSOCK"},
      {EBADF, "EBADF"},
  }};
  for (const auto& [number, name] : kNames) {
    if (number == errnum) return name;
  }
  return std::string("E").append(std::to_string(errnum));
}

bool IsTransient(int errnum) {
  return errnum == EAGAIN || errnum == ENOSYS || errnum == EHOSTUNREACH || errnum == ETIMEDOUT ||
         errnum == EBUSY || errnum == ENOMEM;
}

bool IsLost(int errnum) {
  return errnum == ECONNRESET || errnum == EPIPE || errnum == ENOTCONN || errnum == EBADF;
}

bool IsInactive(int errnum) {
  return errnum == ENOENT || errnum == EINVAL;
}

std::string CannotConnect(std::string_view uri, std::string_view reason) {
  const char* const variable = std::getenv("FLUX_URI");
  std::string message = "can't connect to Flux";
  if (!uri.empty()) {
    message.append(" at ").append(uri);
  } else if (variable != nullptr) {
    message.append(" at ").append(variable).append(" (from FLUX_URI)");
  } else {
    message.append(" (FLUX_URI is not set)");
  }
  if (!reason.empty()) message.append(": ").append(reason);
  return message.append(
      "; run inside an instance of your own, as `flux start`, `flux alloc` or `flux batch` make "
      "one");
}

std::string JournalRefused(int errnum, std::string_view reason) {
  std::string message = "Flux ended the stream of job events: ";
  message.append(reason.empty() ? std::string_view(std::strerror(errnum)) : reason);
  switch (errnum) {
    case EPERM:
      return message.append(
          "; only the owner of an instance may follow its jobs, so start one of your own inside it "
          "with `flux alloc` or `flux batch` and run the ensemble there");
    case ENOSYS:
      return message.append("; its job manager is not loaded (starting up or shutting down?)");
    case ENODATA:
      return message.append("; the job manager was unloaded, or the instance is shutting down");
    default:
      return message;
  }
}

std::string ListRefused(int errnum, std::string_view reason) {
  std::string message = "Flux does not list the jobs of this user: ";
  message.append(reason.empty() ? std::string_view(std::strerror(errnum)) : reason);
  if (errnum == ENOSYS) message.append("; its module job-list is not loaded");
  return message;
}

std::string SubmissionRefused(std::string_view reason) {
  return std::string(reason).append(
      "; jobs of a guest are signed by flux-security, so libflux-core must be built with it, and "
      "its mechanism (munge) must work here; or start an instance of your own with `flux alloc` or "
      "`flux batch` and run the ensemble there");
}

std::string LostConnection(int errnum) {
  return std::string("the connection to Flux is lost: ") + std::strerror(errnum) +
         "; jobs may still be running there (see `flux jobs`)";
}

}  // namespace flux_ensemble::flux
