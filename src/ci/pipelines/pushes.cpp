#include "ci/pipelines/pushes.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/uuid.h"
#include "ci/pipelines/refusal.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

namespace json = boost::json;

constexpr std::size_t skip_range = 250;
/// Branches and tags of one push that start pipelines: beyond it somebody mirrors a repository.
constexpr std::size_t moved_limit = 100;

std::string to_json(const std::vector<Ref>& refs) {
  json::object out;
  for (const Ref& ref : refs) out[ref.name] = ref.revision;
  return json::serialize(out);
}

std::vector<Ref> refs_of(const std::string& text) {
  std::vector<Ref> out;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  if (!object) throw db::StoreError("unreadable refs of a push", false);
  for (const auto& member : *object) {
    const json::string* revision = member.value().if_string();
    out.push_back({std::string(member.key()), revision ? std::string(*revision) : ""});
  }
  return out;
}

struct MovedRef {
  Ref ref;
  std::string before;  ///< empty: it is new
};

std::vector<MovedRef> moved(const std::vector<Ref>& before, const std::vector<Ref>& after) {
  std::vector<MovedRef> out;
  for (const Ref& ref : after) {
    const auto old = std::ranges::find(before, ref.name, &Ref::name);
    const std::string revision = old == before.end() ? "" : old->revision;
    if (revision != ref.revision) out.push_back({ref, revision});
  }
  return out;
}

constexpr std::string_view branch_prefix = "refs/heads/", tag_prefix = "refs/tags/";

}  // namespace

bool asks_to_skip(const Commit& commit) {
  const std::string message = commit.subject + "\n" + commit.body;
  const std::string_view start = std::string_view(message).substr(0, skip_range);
  return start.find("[skip ci]") != start.npos || start.find("[ci skip]") != start.npos;
}

/// One of the places of those who push to a project or wait for it; false when there is none left.
class Pushes::Place {
 public:
  Place(Turn& turn, std::mutex& mutex) : turn_(turn), mutex_(mutex) {
    const std::lock_guard lock(mutex_);
    taken_ = turn_.pushes <= waiting_limit;
    if (taken_) ++turn_.pushes;
  }
  ~Place() {
    const std::lock_guard lock(mutex_);
    if (taken_) --turn_.pushes;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  explicit operator bool() const { return taken_; }

 private:
  Turn& turn_;
  std::mutex& mutex_;
  bool taken_ = false;
};

Result<std::vector<Pipeline>> Pushes::around(const Project& project, const accounts::Actor& by,
                                             const std::function<void()>& receive,
                                             Milliseconds patience) {
  const auto turn = turn_of(project.id);
  // Whoever waits keeps a thread from other projects' pushes and reads.
  const Place place(*turn, mutex_);
  std::unique_lock held(turn->mutex, std::defer_lock);
  if (!place || !held.try_lock_for(patience)) {
    return refuse(PipelineRefusal::push_under_way,
                  fmt::format("Others are pushing to {} and are not done; push again in a moment.",
                              project.slug));
  }
  // Of an earlier push, and in its pusher's name, not in this one's.
  if (auto done = finish_left_over(project.id); !done) return pass_on(done);
  const auto push = begin(project, by);
  if (!push) return pass_on(push);
  receive();
  return finish(*push);
}

void Pushes::recover() {
  const auto projects =
      services_.database.read([](db::Session& session) -> Result<std::vector<std::string>> {
        std::vector<std::string> ids;
        for (const db::Row& row : session.rows("SELECT DISTINCT project_id FROM ci_pushes")) {
          ids.push_back(row.text(0));
        }
        return ids;
      });
  if (!projects) return;
  for (const std::string& id : *projects) {
    const auto turn = turn_of(id);
    const std::lock_guard held(turn->mutex);
    if (auto done = finish_left_over(id); !done) {
      services_.log.error("push not recovered", {{"project", id}, {"reason", done.error().detail}});
    }
  }
}

std::shared_ptr<Pushes::Turn> Pushes::turn_of(const std::string& project_id) {
  const std::lock_guard lock(mutex_);
  auto& found = turns_[project_id];
  if (!found) found = std::make_shared<Turn>();
  return found;
}

Result<Pushes::Push> Pushes::begin(const Project& project, const accounts::Actor& by) {
  auto refs = services_.repositories.refs(project.id);
  if (!refs) return pass_on(refs);
  Push push{new_uuid(), project.id, by.person_id, by.name, std::move(*refs)};
  const auto stored = services_.database.write([&](db::Session& session) -> Result<void> {
    session.run(
        "INSERT INTO ci_pushes (id, project_id, actor_id, actor_name, refs_before, created) VALUES "
        "(:p1, :p2, :p3, :p4, :p5, :p6)",
        {push.id, push.project_id, push.actor_id, push.actor_name, to_json(push.before),
         to_milliseconds(services_.clock.now())});
    return {};
  });
  if (!stored) return pass_on(stored);
  return push;
}

Result<void> Pushes::finish_left_over(const std::string& project_id) {
  const auto pushes =
      services_.database.read([&](db::Session& session) -> Result<std::vector<Push>> {
        std::vector<Push> out;
        for (const db::Row& row : session.rows(
                 "SELECT id, project_id, actor_id, actor_name, refs_before FROM ci_pushes WHERE "
                 "project_id = :p1 ORDER BY created",
                 {project_id})) {
          out.push_back({row.text(0), row.text(1), row.text(2), row.text(3), refs_of(row.text(4))});
        }
        return out;
      });
  if (!pushes) return pass_on(pushes);
  for (const Push& push : *pushes) {
    if (auto done = finish(push); !done) return pass_on(done);
  }
  return {};
}

Result<std::vector<Pipeline>> Pushes::finish(const Push& push) {
  const auto after = services_.repositories.refs(push.project_id);
  if (!after) return pass_on(after);
  const auto definitions = services_.definitions.list(push.project_id);
  if (!definitions) return pass_on(definitions);
  const accounts::Actor by{.person_id = push.actor_id, .name = push.actor_name, .via = "git push"};
  auto wanted = pipelines_of(push, *after, *definitions, by);
  const auto ids =
      services_.database.write([&](db::Session& session) -> Result<std::vector<std::string>> {
        session.run("DELETE FROM ci_pushes WHERE id = :p1", {push.id});
        return triggers_.record(session, std::move(wanted), by);
      });
  if (!ids) return pass_on(ids);
  return triggers_.start_all(*ids);
}

std::vector<NewPipeline> Pushes::pipelines_of(const Push& push, const std::vector<Ref>& after,
                                              const std::vector<PipelineDefinition>& definitions,
                                              const accounts::Actor& by) const {
  std::vector<NewPipeline> out;
  auto refs = moved(push.before, after);
  if (refs.size() > moved_limit) {
    services_.log.warning("push moved too many refs",
                          {{"project", push.project_id},
                           {"moved", static_cast<std::int64_t>(refs.size())},
                           {"limit", static_cast<std::int64_t>(moved_limit)}});
    refs.resize(moved_limit);
  }
  for (const MovedRef& moved : refs) {
    const auto commit = services_.repositories.commit(push.project_id, moved.ref.revision);
    // A tag need not lead to a commit.
    if (!commit || asks_to_skip(*commit)) continue;
    for (const PipelineDefinition& definition : definitions) {
      Pipeline pipeline = pipeline_of(push.project_id, definition, by);
      pipeline.event_name = pipeline.event_action = "push";
      const std::string_view full = moved.ref.name;
      if (full.starts_with(branch_prefix)) pipeline.branch = full.substr(branch_prefix.size());
      if (full.starts_with(tag_prefix)) pipeline.tag = full.substr(tag_prefix.size());
      pipeline.source_ref = pipeline.config_ref = moved.ref.name;
      pipeline.revision = pipeline.config_revision = moved.ref.revision;
      pipeline.base_revision = moved.before;
      pipeline.commit_subject = commit->subject;
      out.push_back({std::move(pipeline)});
    }
  }
  return out;
}

}  // namespace imp::ci
