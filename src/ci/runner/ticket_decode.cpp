#include <boost/json.hpp>

#include "base/uuid.h"
#include "ci/runner/decoding.h"
#include "ci/runner/names.h"

namespace imp::ci::runner {

namespace json = boost::json;

namespace {

std::string variable_name(Members& members) {
  std::string value = members.text("name", 4096);
  if (!is_variable_name(value)) members.fail("name", "is not the name of a variable");
  return value;
}

std::string reference(Members& members, std::string_view key) {
  std::string value = members.text(key, 1024);
  if (!value.empty() && !is_git_reference(value)) members.fail(key, "is not the name of a git ref");
  return value;
}

Checkout read_checkout(Members& members) {
  Checkout out;
  out.path = members.text("path", most_short_text);
  out.fetch_url = members.text("fetch_url", 4096);
  out.authorization = members.text("authorization", 8192);
  // A line break would add a header of the sender's choice to the runner's request.
  if (out.authorization.find_first_of("\r\n") != std::string::npos) {
    members.fail("authorization", "must be one line");
  }
  out.repository_url = members.text("repository_url", 4096);
  out.revision = members.text("revision", 64);
  if (!is_git_object_name(out.revision)) members.fail("revision", "is not a git object name");
  out.branch = reference(members, "branch");
  out.tag = reference(members, "tag");
  out.ref = reference(members, "ref");
  return out;
}

Run read_run(Members& members) {
  Run out;
  out.command = members.text("command", most_text);
  out.shell = members.text("shell", most_short_text);
  out.working_directory = members.text("working_directory", most_short_text);
  out.environment = list<NamedValue>(members, "environment", most_values, [](Members& variable) {
    return NamedValue{variable_name(variable), variable.text("value", most_text)};
  });
  out.background = members.boolean("background");
  out.no_output_seconds =
      static_cast<std::uint32_t>(members.integer("no_output_seconds", 1, 7 * 86400));
  return out;
}

Step read_step(Members& members, bool is_checkout) {
  Step out;
  out.name = members.text("name", 64 * 1024);
  out.when = word(members, "when", std::array{When::on_success, When::always, When::on_fail});
  if (is_checkout) {
    out.action = nested<Checkout>(members, "checkout", read_checkout);
  } else {
    out.action = nested<Run>(members, "run", read_run);
  }
  return out;
}

std::vector<Step> read_steps(Members& members) {
  std::vector<Step> out;
  const json::array& steps = members.array("steps", most_steps);
  for (std::size_t i = 0; i < steps.size() && !members.failed(); ++i) {
    const json::object* object = steps[i].if_object();
    const bool is_checkout = object != nullptr && object->contains("checkout");
    Members entry(steps[i], fmt::format("steps[{}]", i));
    Result<Step> step = entry.finish(read_step(entry, is_checkout));
    if (!step) {
      members.adopt(step.error());
    } else {
      out.push_back(std::move(*step));
    }
  }
  return out;
}

}  // namespace

JobTicket read_ticket(Members& members) {
  JobTicket out;
  out.job_id = members.text("job_id", 64);
  // The identifier becomes a directory name at the runner.
  if (!is_uuid(out.job_id)) members.fail("job_id", "must be a UUID");
  out.lease = lease(members);
  out.lease_seconds = static_cast<std::uint32_t>(members.integer("lease_seconds", 1, 86400));
  out.job_name = members.text("job_name", most_short_text);
  out.image = members.text("image", most_short_text);
  out.shell = members.text("shell", most_short_text);
  out.working_directory = members.text("working_directory", most_short_text);
  out.time_limit_seconds =
      static_cast<std::uint32_t>(members.integer("time_limit_seconds", 1, 7 * 86400));
  out.environment = list<Variable>(members, "environment", most_values, [](Members& variable) {
    const auto source = word(variable, "source",
                             std::array{VariableSource::project, VariableSource::context,
                                        VariableSource::builtin, VariableSource::job});
    return Variable{source, variable_name(variable), variable.text("value", most_text)};
  });
  for (std::size_t i = 1; i < out.environment.size(); ++i) {
    if (out.environment[i].source < out.environment[i - 1].source) {
      members.fail("environment", "must be ordered by source, lowest precedence first");
    }
  }
  out.secrets = strings(members, "secrets");
  out.steps = read_steps(members);
  return out;
}

}  // namespace imp::ci::runner
