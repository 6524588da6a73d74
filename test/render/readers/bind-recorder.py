"""An LDAPS server for one question: which password does the client bind with? Prints it as hexadecimal and hangs up."""
import socket
import ssl
import sys


def element(data, at):
    """Tag, start and end of the BER element at an offset (ITU-T X.690)."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    return data[at], start, start + length


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
with socket.create_server(("127.0.0.1", 636)) as listener:
    print("listening", flush=True)
    with context.wrap_socket(listener.accept()[0], server_side=True) as client:
        data = client.recv(65536)
_, start, _ = element(data, 0)  # LDAPMessage (RFC 4511 §4.1.1)
_, _, end = element(data, start)  # messageID
_, start, _ = element(data, end)  # BindRequest (§4.2)
_, _, end = element(data, start)  # version
_, _, end = element(data, end)  # name
_, start, end = element(data, end)  # authentication: simple
print(data[start:end].hex(), flush=True)
