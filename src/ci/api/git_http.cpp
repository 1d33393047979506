#include <fmt/format.h>

#include "base/encoding.h"
#include "ci/api/engine_routes.h"
#include "ci/api/git_backend.h"
#include "ci/pipelines/job_ticket.h"

// git's smart HTTP protocol (gitprotocol-http(5)) for the repositories that this server holds, in
// the words of `git http-backend`. Who reads or pushes belongs to the project's organisation and
// says so with an access token as password; a job reads its own source with the credential of its
// ticket. What a client sends is kept in a file until it is complete, so that a slow one holds no
// lock, and one that goes away has done nothing.

namespace imp::ci {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t push_limit = 512u << 20;
constexpr std::size_t fetch_limit = 64u << 20;
constexpr std::size_t report_limit = 4u << 20;
/// Git programs at a time; far more than a server's runners need.
constexpr std::size_t programs_limit = 64;
/// A pack that does not grow for this long is given up.
constexpr auto stall_limit = 5min;

enum class GitAccess { read, push };

struct Visitor {
  Project project;
  accounts::Actor actor;
};

http::Response plain(const Failure& failure) {
  http::Response response = http::text(http::status_of(failure.kind()), failure.message + "\n");
  if (failure.kind() == FailureKind::unauthenticated) {
    response.header("www-authenticate", "Basic realm=\"git\", charset=\"UTF-8\"");
  }
  if (failure.kind() == FailureKind::unavailable) response.header("retry-after", "5");
  return response;
}

std::unexpected<Failure> no_repository() {
  return refuse(RepositoryRefusal::repository_not_found,
                "There is no such repository, or it is not one of your organizations'.");
}

Result<Project> project_of(CiServices& services, const http::Request& request) {
  std::string_view repository = request.param("repository");
  if (!repository.ends_with(".git")) return no_repository();
  repository.remove_suffix(4);
  auto project = services.projects.find_hosted(request.param("organization"), repository);
  if (!project && project.error().kind() == FailureKind::not_found) return no_repository();
  return project;
}

/// A person with rights, or a running job that reads what it builds.
class Doorkeeper {
 public:
  Doorkeeper(CiServices& services, Pipelines& pipelines)
      : services_(services), pipelines_(pipelines) {}

  Result<Visitor> admit(const http::Request& request, GitAccess access) const {
    const auto basic = request.basic();
    if (basic && basic->first == job_user && basic->second.starts_with("impjob_")) {
      return admit_job(request, basic->second, access);
    }
    return admit_person(request, access);
  }

 private:
  Result<Visitor> admit_job(const http::Request& request, const std::string& credential,
                            GitAccess access) const {
    auto project = project_of(services_, request);
    if (!project) return pass_on(project);
    const auto may = pipelines_.running.may_read(credential, project->id);
    if (!may) return pass_on(may);
    if (!*may) return no_repository();
    if (access == GitAccess::push) {
      return refuse(ApiRefusal::not_permitted,
                    "A job reads its repository; pushing needs somebody's access token.");
    }
    return Visitor{std::move(*project), accounts::Actor::system("job")};
  }

  Result<Visitor> admit_person(const http::Request& request, GitAccess access) const {
    const auto caller = services_.accounts.authenticator.require_person(request);
    if (!caller) return pass_on(caller);
    const accounts::Actor actor = caller->actor();
    // A browser sends its cookie wherever a page leads it.
    const bool usable = caller->kind != accounts::CallerKind::session &&
                        (access == GitAccess::read ? caller->reads_fully() : caller->acts_fully());
    if (!usable) {
      return refused(actor, request,
                     refuse(ApiRefusal::not_permitted,
                            "Use a personal access token as password that is not limited to "
                            "packages, or, to push, to reading.")
                         .error());
    }
    auto project = project_of(services_, request);
    if (!project) return pass_on(project);
    const auto role =
        services_.accounts.organizations.role(project->organization_id, actor.person_id);
    if (!role) return pass_on(role);
    if (!role->has_value() && !caller->person->is_admin) {
      return refused(actor, request, no_repository().error());
    }
    return Visitor{std::move(*project), actor};
  }

  std::unexpected<Failure> refused(const accounts::Actor& actor, const http::Request& request,
                                   const Failure& failure) const {
    services_.accounts.trail.refused(
        actor, "git",
        fmt::format("{}/{}", request.param("organization"), request.param("repository")), failure);
    return std::unexpected(failure);
  }

  CiServices& services_;
  Pipelines& pipelines_;
};

GitCgi cgi_for(const http::Request& request, const Visitor& visitor, std::string path,
               const Repositories& repositories) {
  return {.repository = repositories.path(visitor.project.id),
          .path = std::move(path),
          .method = request.method,
          .query = {},
          .content_type = std::string(request.header("content-type")),
          .protocol = std::string(request.header("git-protocol")),
          .user = visitor.actor.name,
          .address = visitor.actor.address};
}

/// The answer as git makes it, without keeping more than a piece of it.
http::Response streamed(std::unique_ptr<GitBackend> started) {
  const std::shared_ptr<GitBackend> git(std::move(started));
  auto head = git->head();
  if (!head) return plain(head.error());
  http::Response response;
  response.status = head->status;
  response.headers = std::move(head->headers);
  auto last =
      std::make_shared<std::chrono::steady_clock::time_point>(std::chrono::steady_clock::now());
  response.body = http::StreamBody{[git, last] {
    // Briefly: the worker is wanted by others, and git may think for long.
    auto piece = git->read(100ms);
    const auto now = std::chrono::steady_clock::now();
    if (!piece || (piece->bytes.empty() && !piece->done && now - *last > stall_limit)) {
      // Cut off, so that the client does not take it for the end.
      throw std::runtime_error("git http-backend stopped answering");
    }
    if (!piece->bytes.empty()) *last = now;
    http::StreamStep step{.bytes = std::move(piece->bytes), .done = piece->done};
    step.wait_at_most = 20ms;
    return step;
  }};
  return response;
}

/// The whole answer, which is short: git's report on a push.
http::Response collected(GitBackend& git) {
  auto head = git.head();
  if (!head) return plain(head.error());
  http::Response response;
  response.status = head->status;
  response.headers = std::move(head->headers);
  std::string body;
  auto last = std::chrono::steady_clock::now();
  for (;;) {
    auto piece = git.read(1s);
    if (!piece) return plain(piece.error());
    const auto now = std::chrono::steady_clock::now();
    if (!piece->bytes.empty()) last = now;
    body += piece->bytes;
    if (piece->done) break;
    if (body.size() > report_limit || now - last > stall_limit) {
      return plain(refuse(RepositoryRefusal::git_failed, "The git program gave no sensible answer.")
                       .error());
    }
  }
  response.body = std::move(body);
  return response;
}

/// A POST of git's: spooled, then given to git.
class GitSink final : public http::BodySink {
 public:
  GitSink(Pipelines& pipelines, std::shared_ptr<GitPlaces> places, Visitor visitor, GitCgi call,
          GitAccess access, Spool spool)
      : pipelines_(pipelines),
        places_(std::move(places)),
        visitor_(std::move(visitor)),
        call_(std::move(call)),
        access_(access),
        spool_(std::move(spool)) {}

  Result<void> write(ByteView bytes) override { return spool_.write(bytes); }

  http::Response finish() override {
    if (access_ == GitAccess::push) return push();
    auto git = GitBackend::start(*places_, call_, &spool_);
    if (!git) return plain(git.error());
    return streamed(std::move(*git));
  }

 private:
  http::Response push() {
    http::Response response;
    const auto pushed = pipelines_.pushes.around(visitor_.project, visitor_.actor, [&] {
      auto git = GitBackend::start(*places_, call_, &spool_);
      response = git ? collected(**git) : plain(git.error());
    });
    if (!pushed) {
      pipelines_.services.log.error("push without pipelines", {{"project", visitor_.project.id},
                                                               {"reason", pushed.error().detail}});
      return plain(pushed.error());
    }
    return response;
  }

  Pipelines& pipelines_;
  std::shared_ptr<GitPlaces> places_;
  Visitor visitor_;
  GitCgi call_;
  GitAccess access_;
  Spool spool_;
};

http::SinkFactory sink_for(CiServices& services, Pipelines& pipelines,
                           std::shared_ptr<GitPlaces> places, std::string path, GitAccess access) {
  return [&services, &pipelines, places = std::move(places), path = std::move(path),
          access](const http::Request& request)
             -> std::expected<std::unique_ptr<http::BodySink>, http::Response> {
    auto visitor = Doorkeeper(services, pipelines).admit(request, access);
    if (!visitor) return std::unexpected(http::failure(visitor.error()));
    const Repositories& repositories = pipelines.services.repositories;
    const std::string repository = repositories.path(visitor->project.id);
    auto spool = Spool::open(repository.substr(0, repository.rfind('/')));
    if (!spool) return std::unexpected(http::failure(spool.error()));
    GitCgi call = cgi_for(request, *visitor, path, repositories);
    return std::make_unique<GitSink>(pipelines, places, std::move(*visitor), std::move(call),
                                     access, std::move(*spool));
  };
}

http::Response advertise(CiServices& services, Pipelines& pipelines, GitPlaces& places,
                         const http::Request& request) {
  const auto service = request.query("service").value_or("");
  if (service != "git-upload-pack" && service != "git-receive-pack") {
    return plain(refuse(ApiRefusal::not_permitted,
                        "This server speaks git's smart HTTP protocol only; use a newer client.")
                     .error());
  }
  const GitAccess access = service == "git-receive-pack" ? GitAccess::push : GitAccess::read;
  const auto visitor = Doorkeeper(services, pipelines).admit(request, access);
  if (!visitor) return plain(visitor.error());
  GitCgi call = cgi_for(request, *visitor, "/info/refs", pipelines.services.repositories);
  // Of a parameter that is given twice, git takes the other one.
  call.query = "service=" + service;
  auto git = GitBackend::start(places, call, nullptr);
  if (!git) return plain(git.error());
  return streamed(std::move(*git));
}

}  // namespace

void add_git_routes(http::Router& router, CiServices& services, Pipelines& pipelines) {
  using http::Method;
  const std::string repository = "/git/{organization}/{repository}";
  const auto places = std::make_shared<GitPlaces>(programs_limit);
  router.add(Method::get, repository + "/info/refs",
             [&services, &pipelines, places](const http::Request& request) {
               return advertise(services, pipelines, *places, request);
             },
             {.pool = http::Pool::program});
  router.add_sink(Method::post, repository + "/git-upload-pack",
                  sink_for(services, pipelines, places, "/git-upload-pack", GitAccess::read),
                  {.body_limit = fetch_limit, .pool = http::Pool::program});
  router.add_sink(Method::post, repository + "/git-receive-pack",
                  sink_for(services, pipelines, places, "/git-receive-pack", GitAccess::push),
                  {.body_limit = push_limit, .pool = http::Pool::program});
}

}  // namespace imp::ci
