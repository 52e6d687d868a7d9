// A request's head: "METHOD\nURL\nname\nvalue\n…" of the headers in `names`.

export function readHead(request, names, local) {
  const headers = request.headers;
  let text = `${request.method}\n${request.url}`;
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) text += `\n${name}\n${value}`;
  }
  const address = local ? request.cf?.clientIp : headers.get("cf-connecting-ip");
  return address ? `${text}\n@address\n${address}` : text;
}
