#include "registry/api/news/told_people.h"

#include "accounts/organizations.h"
#include "accounts/people.h"
#include "mail/notice.h"
#include "mail/outbox.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

constexpr std::string_view kPackage = "package:";

std::vector<std::string> maintainers_named(db::Session& session, std::string_view subject) {
  std::vector<std::string> names;
  if (!subject.starts_with(kPackage)) return names;
  const auto package = find_package(session, subject.substr(kPackage.size()));
  if (!package) return names;
  for (Person& one : maintainers_of(session, package->id)) names.push_back(std::move(one.name));
  return names;
}

}  // namespace

void tell_governors(db::Session& session, const audit::Record& record,
                    const std::vector<std::string>& also) {
  if (!mail::set_up_for(session)) return;
  std::vector<std::string> people = maintainers_named(session, record.subject);
  people.insert(people.end(), also.begin(), also.end());
  tell_people(session, record, people);
}

void tell_people(db::Session& session, const audit::Record& record,
                 const std::vector<std::string>& people) {
  if (!mail::set_up_for(session)) return;
  std::vector<std::string> addresses;
  // The address of the account: that of a package's row is as old as the row.
  for (const std::string& name : people) {
    if (const auto found = accounts::find_person_by_name(session, name)) {
      addresses.push_back(found->email);
    }
  }
  if (record.organization) {
    for (const accounts::Person& admin : accounts::admins_of(session, *record.organization)) {
      addresses.push_back(admin.email);
    }
  }
  mail::tell(session, addresses, record);
}

}  // namespace imp::registry
