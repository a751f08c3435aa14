/**
 * Refusals as the portal writes them, `{"code", "message", "field"}`, and this
 * server's own in the reader's language. Not gettext: nothing else here needs it.
 */
import type { IncomingHttpHeaders } from "node:http";

/** A refusal in the shape that @tus/server turns into an answer. */
export class Refusal extends Error {
  constructor(
    readonly status_code: number,
    readonly body: string,
  ) {
    super(body);
  }
}

type Sentence = { code: string; zh: string; en: string };

const SENTENCES: Record<number, Sentence> = {
  400: {
    code: "bad_upload_request",
    zh: "上传请求有误，文件没有改变。",
    en: "The upload request is not valid; the file has not changed.",
  },
  403: {
    code: "bad_upload_request",
    zh: "上传请求有误，文件没有改变。",
    en: "The upload request is not valid; the file has not changed.",
  },
  404: { code: "no_such_upload", zh: "没有这个上传。", en: "There is no such upload." },
  405: {
    code: "method_not_allowed",
    zh: "这个地址只用于上传文件。",
    en: "This address only takes uploads.",
  },
  409: {
    code: "offset_conflict",
    zh: "上传的位置与服务器上已有的内容不一致，请继续上传。",
    en: "The upload is not at that place; please resume it.",
  },
  410: {
    code: "upload_gone",
    zh: "这个上传已经结束或被删除。",
    en: "This upload is over or was removed.",
  },
  412: {
    code: "not_tus",
    zh: "这里只接受 tus 1.0.0 协议的上传。",
    en: "Only uploads by the tus protocol, version 1.0.0, are taken here.",
  },
  413: {
    code: "too_many_bytes",
    zh: "发来的内容比文件声明的大小多，多出的部分没有保存。",
    en: "More arrived than the file was said to have; the rest was not kept.",
  },
  500: {
    code: "upload_failed",
    zh: "上传时出了问题，请稍后继续。",
    en: "Something went wrong with this upload; please resume it later.",
  },
  501: {
    code: "length_needed",
    zh: "上传之前必须知道文件大小。",
    en: "The size of the file must be known before it is uploaded.",
  },
  503: {
    code: "portal_unreachable",
    zh: "平台暂时没有响应，稍后可以继续上传，已上传的部分没有丢失。",
    en: "The platform does not answer just now; the upload can go on later, nothing is lost.",
  },
  507: {
    code: "disk_full",
    zh: "服务器的磁盘已满，已上传的部分没有丢失，稍后可以继续。",
    en: "The server's disk is full; nothing is lost, the upload can go on later.",
  },
};

/** The JSON body of this server's own refusal with `status`. */
export function problem(status: number, headers: IncomingHttpHeaders): string {
  const sentence = SENTENCES[status] ?? SENTENCES[500]!;
  const message = readsEnglish(headers) ? sentence.en : sentence.zh;
  return JSON.stringify({ code: sentence.code, message, field: null });
}

/** As in the portal: the chosen language, else the browser's first known one, else Chinese. */
function readsEnglish(headers: IncomingHttpHeaders): boolean {
  const chosen = /(?:^|;\s*)lyceum_language=([\w-]+)/.exec(headers.cookie ?? "")?.[1];
  const known = /\b(?:zh|en)\b/i.exec(chosen ?? headers["accept-language"] ?? "");
  return known?.[0].toLowerCase() === "en";
}
