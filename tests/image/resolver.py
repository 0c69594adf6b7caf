"""A name server for tests: every name is at 127.0.0.1. It says so on stdout when it listens."""

import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("listening", flush=True)
while True:
    question, asker = server.recvfrom(512)
    # Header, one name of labels, type and class; then perhaps an additional record, which is not repeated.
    end = question.index(b"\0", 12) + 5
    asks_for_ipv4 = question[end - 4 : end - 2] == b"\0\x01"
    answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01" if asks_for_ipv4 else b""
    header = question[:2] + b"\x81\x80\0\x01" + (b"\0\x01" if answer else b"\0\0") + b"\0\0\0\0"
    server.sendto(header + question[12:end] + answer, asker)
