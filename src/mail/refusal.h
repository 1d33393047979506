#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::mail {

enum class MailRefusal : std::uint8_t {
  invalid_mail_settings,  ///< mail.* settings that cannot be meant
  mail_not_set_up,        ///< there is no mail.server
  mail_not_delivered,     ///< a test message
  mail_not_found,         ///< no message of that id, or it need not be sent again
};
Reason reason(MailRefusal refusal);

}  // namespace imp::mail
