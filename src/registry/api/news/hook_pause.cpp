#include "registry/api/news/hook_pause.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "audit/log.h"

namespace imp::registry {

void pause_hook(db::Session& session, hooks::Hook hook, std::string why, audit::Record record) {
  hook.paused = std::move(why);
  hooks::update_hook(session, hook, std::nullopt);
  record.action = "hook.pause";
  record.outcome = "granted";
  record.detail = {{"hook", {{"id", hook.id}, {"url", hook.url}}},
                   {"made_by", hook.created_by},
                   {"reason", hook.paused}};
  audit::append(session, record);
}

std::string author_may_not(const hooks::Hook& hook) {
  return fmt::format("{}, who set it up, may not any more.", hook.created_by);
}

}  // namespace imp::registry
