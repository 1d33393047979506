#pragma once

#include <optional>
#include <string>

#include "app/settings.h"
#include "base/failure.h"
#include "mail/smtp.h"

namespace imp::app {

/// How mail is sent: made of the settings mail.*.
struct MailSettings {
  mail::SmtpOptions smtp;
  std::string from;  ///< address
};
/// Nothing when there is no mail.server. Reads mail.password_file. MailRefusal::
/// invalid_mail_settings says which setting cannot be meant.
Result<std::optional<MailSettings>> mail_settings(const Settings& settings);

}  // namespace imp::app
