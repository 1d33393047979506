#include "mail/refusal.h"

namespace imp::mail {

Reason reason(MailRefusal refusal) {
  switch (refusal) {
    case MailRefusal::invalid_mail_settings:
      return {"invalid_mail_settings", FailureKind::invalid};
    case MailRefusal::mail_not_set_up:
      return {"mail_not_set_up", FailureKind::not_found};
    case MailRefusal::mail_not_delivered:
      return {"mail_not_delivered", FailureKind::upstream};
    case MailRefusal::mail_not_found:
      return {"mail_not_found", FailureKind::not_found};
  }
  return {};
}

}  // namespace imp::mail
