/* Decisions about one request at a time, on the event loop's thread. What is gathered here is
 * durable only when the writer hands the job back. */
#include "daemon/receive/request.h"

#include "schema/event/source.h"

/* Larger buffers are given back after the request. */
enum { KEEP_BYTES_MAX = 64 * 1024 };
/* A body of no more, packed and unpacked, is unpacked on the event loop: a fraction of a
 * millisecond. */
enum { INLINE_BYTES_MAX = 256 * 1024 };

/* Accounts for the bodies kept in memory; false when they are too many. */
static bool budget_take(struct request *request, size_t bytes)
{
    struct request_budget *budget = request->budget;
    int64_t more = (int64_t)bytes - request->held_bytes;
    if (more > 0 && budget->bytes + more > budget->bytes_max) {
        return false;
    }
    budget->bytes += more;
    request->held_bytes = (int64_t)bytes;
    return true;
}

void request_next(struct request *request)
{
    struct buf *in = &request->in;
    size_t end = request->http.end;
    memmove(in->data, in->data + end, in->size - end);
    in->size -= end;
    if (in->size == 0 && in->capacity > KEEP_BYTES_MAX) {
        buf_fini(in);
    }
    buf_fini(&request->unpacked);
    (void)budget_take(request, 0);
    request->http = (struct http_request){0};
    request->continue_sent = false;
}

void request_fini(struct request *request)
{
    (void)budget_take(request, 0);
    buf_fini(&request->in);
    buf_fini(&request->unpacked);
}

/* What is wrong with a request that is refused, for the operator. */
static const char *complaint_of(int code)
{
    switch (code) {
    case 413:
        return "413: the request is larger than receive.body_bytes_max";
    case 431:
        return "431: the headers are larger than receive.header_bytes_max";
    case 503:
        return "503: more requests wait for the disk than receive.queue_bytes_max";
    default:
        return "the request is not valid HTTP/1.1";
    }
}

static enum request_verdict answer(struct http_response *response, int code)
{
    response->code = code;
    response->complaint = code == 200 ? NULL : complaint_of(code);
    return REQUEST_ANSWER;
}

/* Answers before the request is read to its end. */
static enum request_verdict refuse(struct http_response *response, int code)
{
    response->close = true;
    response->linger = true;
    return answer(response, code);
}

enum request_verdict request_read(struct request *request, struct http_response *response)
{
    struct http_request *http = &request->http;
    enum http_request_step step = http_request_feed(http, &request->in, &request->budget->limits);
    if (step == HTTP_REQUEST_REFUSE) {
        return refuse(response, http->refusal);
    }
    if (!budget_take(request, http->body_size)) {
        return refuse(response, 503);
    }
    if (step == HTTP_REQUEST_DONE) {
        response->close = !http->keep_alive;
        return REQUEST_WHOLE;
    }
    if (http->wants_continue && !request->continue_sent && http->body_size == 0) {
        request->continue_sent = true;
        return REQUEST_CONTINUE;
    }
    return REQUEST_MORE;
}

static void fill_source(struct request *request)
{
    struct source *source = &request->job.item.source;
    struct span path = span_of(request->in.data + request->http.path_at, request->http.path_size);
    *source = (struct source){0};
    source_from_path(path, request->tag, sizeof request->tag, source);
    source->via = span_str(request->via);
    source->peer = span_str(request->peer);
    source->certificate = span_str(request->certificate);
}

/* What the unpacked body (or why it is none) means: it is as it is to be stored, and 0, or the
 * status code to refuse it with. */
static int take_unpacked(struct request *request, struct span packed, enum status status)
{
    struct inbox_item *item = &request->job.item;
    item->body = packed;
    if (status == OK) {
        item->body = buf_span(&request->unpacked);
        return budget_take(request, packed.size + request->unpacked.size) ? 0 : 503;
    }
    if (status == ERR_FORMAT) {
        item->fault = EVENT_FAULT_BAD_ENCODING;
        return 0;
    }
    return status == ERR_LIMIT ? 413 : 503;
}

/* Requests that are read in one round of the loop go to the writer together when the round ends: it
 * would otherwise begin with the first one alone, and the others would wait for the next fsync. A
 * request that is alone in its round waits for nothing. */
static void gather(struct request_queue *queue, struct writer_job *job)
{
    job->next = NULL;
    if (queue->gathered) {
        queue->gathered_last->next = job;
    } else {
        queue->gathered = job;
        event_loop_fd_poke(queue->round_end);
    }
    queue->gathered_last = job;
}

struct writer_job *request_queue_submit(struct request_queue *queue)
{
    struct writer_job *first = queue->gathered;
    queue->gathered = NULL;
    if (!first || writer_submit(queue->writer, first, queue->gathered_last) == OK) {
        return NULL;
    }
    for (struct writer_job *job = first; job; job = job->next) {
        job->status = ERR_STOPPED;
    }
    return first;
}

static enum request_verdict store(struct request_queue *queue, struct request *request, int refusal,
                                  struct http_response *response)
{
    if (refusal != 0) {
        return answer(response, refusal);
    }
    if (request->job.item.body.size == 0) {
        return answer(response, 200);
    }
    fill_source(request);
    request->job.item.received_us = clock_now_us();
    gather(queue, &request->job);
    return REQUEST_SUBMITTED;
}

/* What is small when it is unpacked, which is tried, is not worth a way to another thread. */
static enum status unpack_small(struct request_queue *queue, struct request *request,
                                struct span packed)
{
    size_t most = request->budget->limits.body_bytes_max;
    most = most < INLINE_BYTES_MAX ? most : INLINE_BYTES_MAX;
    return content_encoding_decode(queue->decoder, request->http.encoding, packed, most,
                                   &request->unpacked, NULL);
}

static void submit_large(struct request_queue *queue, struct request *request, struct span packed)
{
    request->unpack = (struct unpacker_job){
        .sender = request->certificate[0] ? request->certificate : request->peer,
        .encoding = request->http.encoding,
        .packed = packed,
        .bytes_max = request->budget->limits.body_bytes_max,
        .out = &request->unpacked,
    };
    unpacker_submit(queue->unpacker, &request->unpack);
}

enum request_verdict request_store(void *context, struct request *request,
                                   struct http_response *response)
{
    struct request_queue *queue = context;
    const struct http_request *http = &request->http;
    if (http->no_content || http->body_size == 0) {
        return answer(response, 200);
    }
    struct span body = span_of(request->in.data + http->body_at, http->body_size);
    request->job.item.fault = EVENT_FAULT_NONE;
    request->job.item.body = body;
    if (http->encoding == HTTP_REQUEST_IDENTITY) {
        return store(queue, request, 0, response);
    }
    bool may_be_small = body.size <= INLINE_BYTES_MAX;
    enum status status = may_be_small ? unpack_small(queue, request, body) : ERR_LIMIT;
    if (status == ERR_LIMIT && request->budget->limits.body_bytes_max > INLINE_BYTES_MAX) {
        submit_large(queue, request, body);
        return REQUEST_SUBMITTED;
    }
    return store(queue, request, take_unpacked(request, body, status), response);
}

enum request_verdict request_unpacked(struct request_queue *queue, struct request *request,
                                      struct http_response *response)
{
    const struct unpacker_job *job = &request->unpack;
    return store(queue, request, take_unpacked(request, job->packed, job->status), response);
}
