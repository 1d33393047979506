#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>

#include "demo/audit_trail.h"
#include "demo/steps.h"

// Step 10: the audit log is whole, and one changed byte in a copy of it is found.

namespace imp::demo {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDatabase = "imprimatur.db";
constexpr int kCopyTries = 5;

Outcome<ProgramEnd> verify(const World& world, const std::string& data) {
  auto end = world.programs.imprimatur({"audit", "verify", "--data", data});
  if (end) world.say.output(end->output);
  return end;
}

Outcome<void> copy_store(const World& world, const fs::path& to) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(world.data, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kDatabase) && name != "master.key") continue;
    fs::copy_file(entry.path(), to / name, fs::copy_options::overwrite_existing, error);
    if (error) break;
  }
  return expect(!error, "a copy of the database", error.message());
}

/// A copy that verifies. Taken beside the running server, whose files may change meanwhile: then it
/// is taken again.
Outcome<fs::path> faithful_copy(const World& world) {
  Outcome<ProgramEnd> end = ProgramEnd{};
  for (int i = 0; i < kCopyTries; ++i) {
    const auto directory = world.programs.directory("copy");
    if (!directory) return relay(directory);
    if (const auto copied = copy_store(world, *directory); !copied) return relay(copied);
    end = verify(world, *directory);
    if (!end) return relay(end);
    if (end->exit_code == 0) return *directory;
  }
  return surprise("a copy of the database that verifies", end->output);
}

Outcome<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (!in || content.empty()) return surprise(path.string() + " can be read", "it cannot");
  return content;
}

/// Changes one byte of the outcome of a refused exchange. A record's hash stands once in the file,
/// behind the record's other columns.
Outcome<void> tamper(const World& world, const fs::path& database) {
  const auto records = exported_audit(world);
  if (!records) return relay(records);
  auto content = read_file(database);
  if (!content) return relay(content);
  constexpr std::size_t reach = 4096;
  for (const auto& record : *records) {
    const std::string outcome = text_at(record, "outcome");
    if (text_at(record, "action") != "trust.exchange" || outcome == "granted") continue;
    const std::size_t hash = content->find(text_at(record, "hash"));
    const std::size_t at = hash == content->npos ? hash : content->rfind(outcome, hash);
    if (at == content->npos || hash - at > reach) continue;
    (*content)[at] = '_';
    world.say.note(fmt::format("In the copy, one byte of record {} changes: \"{}\" becomes \"{}\".",
                               text_at(record, "sequence"), outcome,
                               content->substr(at, outcome.size())));
    return write_file(database, *content);
  }
  return surprise("a refused exchange in the audit log", "none");
}

}  // namespace

Outcome<std::vector<boost::json::value>> exported_audit(const World& world) {
  const auto end = world.programs.imprimatur({"audit", "export", "--data", world.data});
  if (const auto well = ended_well(end, "imprimatur audit export"); !well) return relay(well);
  std::vector<boost::json::value> records;
  std::string_view rest = end->output;
  while (!rest.empty()) {
    const std::size_t line = rest.find('\n');
    boost::system::error_code error;
    auto record = boost::json::parse(rest.substr(0, line), error);
    if (error) return surprise("lines of JSON", std::string(rest.substr(0, line)));
    records.push_back(std::move(record));
    rest = line == rest.npos ? "" : rest.substr(line + 1);
  }
  return records;
}

Outcome<std::string> audit_log(World& world) {
  const auto whole = verify(world, world.data);
  if (const auto well = ended_well(whole, "imprimatur audit verify"); !well) return relay(well);
  const auto copy = faithful_copy(world);
  if (!copy) return relay(copy);
  if (const auto done = tamper(world, *copy / kDatabase); !done) return relay(done);
  const auto found = verify(world, *copy);
  if (!found) return relay(found);
  if (found->exit_code == 0 || found->output.find("damaged") == std::string::npos) {
    return surprise("imprimatur audit verify finds the changed byte", found->output);
  }
  world.say.good("accepted as it is; the changed byte was found");
  const auto line = whole->output.substr(0, whole->output.find('\n'));
  return line + "; a changed byte in a copy is found";
}

}  // namespace imp::demo
