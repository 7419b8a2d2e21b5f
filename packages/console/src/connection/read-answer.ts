/** The largest answer that is read: that about thousands of stores has a few mebibytes. */
const maxAnswerMebibytes = 64

/** Returns the text of an answer. @throws Error if it is too long: what listens there may never stop sending. */
export async function readAnswer(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > maxAnswerMebibytes * 2 ** 20)
      throw new Error(`it sends more than ${maxAnswerMebibytes} MiB; check that the port is that of its JSON API (jsonApiPort)`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
