"""What a person or a program is told when something can not be done: one sentence, and the law where it is the law."""

import logging

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from headend.api.models import TroubleOut, UnlawfulOut
from headend.domain.errors import BadInput, Conflict, NotAllowed, NotFound, TooMany, Trouble
from headend.domain.lawful import Unconfirmed, Unlawful
from headend.ports import Unavailable
from headend.web.door import NotLoggedIn
from headend.web.pages import is_htmx, page
from headend.web.shield import HEADERS

STATUS = {NotAllowed: 403, NotFound: 404, BadInput: 422, Conflict: 409, TooMany: 429}
PLAIN = {
    400: "Máy chủ không đọc được yêu cầu này.",
    401: "Hãy đăng nhập.",
    404: "Không có trang này.",
    405: "Trang này không nhận cách gửi đó.",
    413: "Nội dung gửi lên dài quá mức cho phép.",
    422: "Có chỗ nhập chưa đúng.",
    503: "Cơ sở dữ liệu đang bận hoặc tạm ngừng. Chưa có gì được ghi; hãy thử lại sau ít giây.",
    500: "Máy chủ gặp lỗi. Việc vừa làm có thể chưa được ghi; hãy tải lại trang để xem, rồi thử lại.",
}

log = logging.getLogger("loa.web")


def install(app: FastAPI) -> None:
    """Register the answer to each kind of failure."""
    app.add_exception_handler(Trouble, _trouble)
    app.add_exception_handler(Unlawful, _unlawful)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(NotLoggedIn, _not_logged_in)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def for_program(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/media/"))


def _trouble(request: Request, why: Trouble) -> Response:
    status = next(code for kind, code in STATUS.items() if isinstance(why, kind))
    return _say(request, status, why.message, getattr(why, "field", ""))


def _unlawful(request: Request, why: Unlawful) -> Response:
    told = UnlawfulOut.of(why.verdict)
    if for_program(request):
        return JSONResponse(told.model_dump(mode="json"), 409)
    given = why.given if isinstance(why, Unconfirmed) else {}
    template = "part_refusal.html" if is_htmx(request) else "page_refusal.html"
    return page(request, template, 409, refused=told, reasons=given)


def _unavailable(request: Request, why: Unavailable) -> Response:
    log.warning("%s %s: %s", request.method, request.url.path, why)
    answer = _say(request, 503, PLAIN[503])
    answer.headers["Retry-After"] = "2"
    return answer


def _not_logged_in(request: Request, why: NotLoggedIn) -> Response:
    if for_program(request) or request.method != "GET" and not is_htmx(request):
        return _say(request, 401, PLAIN[401])
    if is_htmx(request):
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    return RedirectResponse("/login", 303)


def _invalid(request: Request, why: RequestValidationError) -> Response:
    where = [str(part) for part in why.errors()[0]["loc"][1:]] if why.errors() else []
    return _say(request, 422, PLAIN[422], ".".join(where))


def _http(request: Request, why: HTTPException) -> Response:
    message = PLAIN.get(why.status_code, PLAIN[400] if why.status_code < 500 else PLAIN[500])
    return _say(request, why.status_code, message)


def _fault(request: Request, why: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=why)
    answer = _say(request, 500, PLAIN[500])
    answer.headers.update(HEADERS)  # this answer is given outside of the shield
    return answer


def _say(request: Request, status: int, message: str, field: str = "") -> Response:
    told = TroubleOut(message=message, field=field)
    if for_program(request):
        return JSONResponse(told.model_dump(), status)
    template = "part_trouble.html" if is_htmx(request) else "page_trouble.html"
    return page(request, template, status, trouble=told, code=status)
