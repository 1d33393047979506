#include "ci/api/git_backend.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <vector>

#include "base/error_text.h"
#include "ci/projects/repository.h"

namespace imp::ci {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t head_limit = 16 * 1024;
constexpr auto head_patience = 5min;

std::unexpected<Failure> failed(std::string detail) {
  return refuse(RepositoryRefusal::git_failed, "The git program gave no answer.",
                std::move(detail));
}
std::unexpected<Failure> not_kept(std::string_view doing) {
  return refuse(RepositoryRefusal::git_failed, "What was sent could not be kept.",
                fmt::format("{}: {}", doing, error_text(errno)));
}

/// "version=2": what git clients send, and nothing that could mean more to a shell or to git.
bool is_protocol(std::string_view text) {
  return text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '=' || c == ':' ||
                  c == '.';
         });
}

/// What CGI adds to the environment that every git has.
std::vector<std::string> environment_of(const GitCgi& call, const Spool* input) {
  const std::size_t slash = call.repository.rfind('/');
  std::vector<std::string> out{
      // Clean-up belongs to the push that asks for it, not to a process nobody waits for.
      "GIT_CONFIG_COUNT=1",
      "GIT_CONFIG_KEY_0=gc.autoDetach",
      "GIT_CONFIG_VALUE_0=false",
      "GIT_HTTP_EXPORT_ALL=1",
      "GATEWAY_INTERFACE=CGI/1.1",
      "SERVER_PROTOCOL=HTTP/1.1",
      "GIT_PROJECT_ROOT=" + call.repository.substr(0, slash),
      "PATH_INFO=" + call.repository.substr(slash) + call.path,
      fmt::format("REQUEST_METHOD={}", http::name(call.method)),
      "QUERY_STRING=" + call.query,
      "REMOTE_USER=" + call.user,
      "REMOTE_ADDR=" + call.address};
  if (!call.content_type.empty()) out.push_back("CONTENT_TYPE=" + call.content_type);
  if (input) out.push_back(fmt::format("CONTENT_LENGTH={}", input->size()));
  if (!call.protocol.empty() && is_protocol(call.protocol)) {
    out.push_back("GIT_PROTOCOL=" + call.protocol);
  }
  return out;
}

/// "Name: value" lines; `Status` becomes the status.
std::optional<GitBackend::Head> parse_head(std::string_view text) {
  GitBackend::Head head;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return std::nullopt;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    const std::string_view name = line.substr(0, colon);
    if (http::equal_ignoring_case(name, "status")) {
      std::from_chars(value.data(), value.data() + value.size(), head.status);
    } else {
      head.headers.emplace_back(name, value);
    }
  }
  if (head.status < 200 || head.status > 599) return std::nullopt;
  return head;
}

/// Where the blank line begins and where the body does; nothing when it has not come yet.
std::optional<std::pair<std::size_t, std::size_t>> head_end(std::string_view text) {
  const std::size_t crlf = text.find("\r\n\r\n");
  const std::size_t lf = text.find("\n\n");
  if (crlf == text.npos && lf == text.npos) return std::nullopt;
  if (crlf < lf) return std::pair{crlf, crlf + 4};
  return std::pair{lf, lf + 2};
}

}  // namespace

Reason reason(GitRefusal refusal) {
  switch (refusal) {
    case GitRefusal::too_many:
      return {"too_many_git_programs", FailureKind::unavailable};
  }
  return {"internal", FailureKind::internal};
}

Result<Spool> Spool::open(const std::string& directory) {
  std::string path = directory + "/incoming-XXXXXX";
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) return not_kept("mkostemp");
  ::unlink(path.c_str());
  return Spool(std::move(file));
}

Result<void> Spool::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return not_kept("write");
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

int Spool::rewound() const {
  ::lseek(file_.get(), 0, SEEK_SET);
  return file_.get();
}

Result<std::unique_ptr<GitBackend>> GitBackend::start(GitPlaces& places, const GitCgi& call,
                                                      const Spool* input) {
  auto place = places.take();
  if (!place) {
    return refuse(GitRefusal::too_many,
                  "Too many clients read or push repositories at the moment; try again.");
  }
  auto pipe = GitPipe::open();
  if (!pipe) return pass_on(pipe);
  auto git = GitProcess::start({.arguments = {"http-backend"},
                                .environment = environment_of(call, input),
                                .input = input ? input->rewound() : -1,
                                .output = pipe->write_end.get()});
  if (!git) return pass_on(git);
  return std::unique_ptr<GitBackend>(
      new GitBackend(std::move(place), std::move(*git), std::move(pipe->read_end)));
}

Result<GitBackend::Piece> GitBackend::read_raw(std::chrono::milliseconds at_most) {
  pollfd waiting{output_.get(), POLLIN, 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(at_most.count()));
  if (ready < 0 && errno != EINTR) return failed(error_text(errno));
  if (ready <= 0) return Piece{};
  Piece piece;
  piece.bytes.resize(64 * 1024);
  const ssize_t count = ::read(output_.get(), piece.bytes.data(), piece.bytes.size());
  if (count < 0 && errno != EINTR) return failed(error_text(errno));
  piece.bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  piece.done = count == 0;
  return piece;
}

Result<GitBackend::Head> GitBackend::head() {
  const auto until = std::chrono::steady_clock::now() + head_patience;
  std::string text;
  std::optional<std::pair<std::size_t, std::size_t>> end;
  while (!(end = head_end(text))) {
    if (text.size() > head_limit) return failed("the head is too long");
    if (std::chrono::steady_clock::now() > until) return failed("no head in time");
    auto piece = read_raw(1s);
    if (!piece) return pass_on(piece);
    if (piece->done) return failed("no complete head");
    text += piece->bytes;
  }
  auto head = parse_head(std::string_view(text).substr(0, end->first));
  if (!head) return failed("a malformed head");
  buffered_ = text.substr(end->second);
  return std::move(*head);
}

Result<GitBackend::Piece> GitBackend::read(std::chrono::milliseconds at_most) {
  if (!buffered_.empty()) return Piece{std::exchange(buffered_, {}), false};
  return read_raw(at_most);
}

}  // namespace imp::ci
