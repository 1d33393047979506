#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/encoding.h"
#include "base/failure.h"
#include "ci/api/git_places.h"
#include "ci/projects/git_process.h"
#include "http/request.h"

namespace imp::ci {

/// Beside those of repositories (`git_failed`).
enum class GitRefusal {
  too_many,  ///< as many git programs run as may
};
Reason reason(GitRefusal refusal);

/// A file without a name in `directory`: what a client sends, until git reads it.
class Spool {
 public:
  static Result<Spool> open(const std::string& directory);
  Result<void> write(ByteView bytes);
  std::uint64_t size() const { return size_; }
  /// Sets the position to the start; the descriptor stays the spool's.
  int rewound() const;

 private:
  explicit Spool(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
  std::uint64_t size_ = 0;
};

/// One call of git-http-backend(1), by the rules of RFC 3875.
struct GitCgi {
  std::string repository;  ///< path of the bare repository
  std::string path;        ///< below it: "/info/refs", "/git-upload-pack", "/git-receive-pack"
  http::Method method = http::Method::get;
  std::string query;
  std::string content_type;
  std::string protocol;  ///< of the Git-Protocol header; dropped unless it looks like one
  std::string user;      ///< for git's reflog and nothing else
  std::string address;
};

/// `git http-backend` as a child process: fixed argument list, no shell, an environment of its own.
/// Destroying it ends the process with its helpers.
class GitBackend {
 public:
  /// `input` is what the client sent; null: nothing. Holds a place until it is destroyed.
  static Result<std::unique_ptr<GitBackend>> start(GitPlaces& places, const GitCgi& call,
                                                   const Spool* input);
  GitBackend(const GitBackend&) = delete;
  GitBackend& operator=(const GitBackend&) = delete;

  struct Head {
    int status = 200;
    http::Headers headers;
  };
  /// Reads the head of the answer; once, first. At most 16 KiB, within five minutes.
  Result<Head> head();

  struct Piece {
    std::string bytes;  ///< empty with !done: nothing has come within the time
    bool done = false;
  };
  /// The next bytes of the answer's body.
  Result<Piece> read(std::chrono::milliseconds at_most);

 private:
  GitBackend(std::shared_ptr<void> place, GitProcess git, Descriptor output)
      : place_(std::move(place)), git_(std::move(git)), output_(std::move(output)) {}
  Result<Piece> read_raw(std::chrono::milliseconds at_most);

  std::shared_ptr<void> place_;
  GitProcess git_;
  Descriptor output_;
  std::string buffered_;  ///< of the body, read with the head
};

}  // namespace imp::ci
