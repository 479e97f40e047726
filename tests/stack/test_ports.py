"""Ports are remembered, held until their part starts, and never taken from somebody else."""

import socket

import pytest

from sakpore.ports import LOOPBACK, SEAWEED_GRPC_OFFSET, PortBook, PortTaken, Wish


def listener(port: int = 0) -> socket.socket:
    found = socket.socket()
    found.bind((LOOPBACK, port))
    found.listen()
    return found


def test_a_remembered_port_is_taken_again() -> None:
    first, second = PortBook(), PortBook()
    first.choose([Wish("temporal")], {})
    first.release_all()
    second.choose([Wish("temporal")], first.numbers)
    second.release_all()
    assert second["temporal"] == first["temporal"]


def test_a_remembered_port_of_another_program_is_replaced() -> None:
    with listener() as other:
        taken = other.getsockname()[1]
        book = PortBook()
        book.choose([Wish("api", preferred=8080)], {"api": taken})
        book.release_all()
        assert book["api"] != taken


def test_a_fixed_port_of_another_program_is_refused() -> None:
    with listener() as other, pytest.raises(PortTaken) as refusal:
        PortBook().choose([Wish("api", fixed=other.getsockname()[1])], {})
    assert refusal.value.name == "api"


def test_a_chosen_port_cannot_be_chosen_by_a_second_supervisor() -> None:
    first, second = PortBook(), PortBook()
    first.choose([Wish("smtp")], {})
    second.choose([Wish("smtp")], first.numbers)
    assert first["smtp"] != second["smtp"]
    first.release_all()
    second.release_all()


def test_a_released_port_can_be_bound_by_its_part() -> None:
    book = PortBook()
    book.choose([Wish("smtp"), Wish("tsa")], {})
    book.release("smtp")
    listener(book["smtp"]).close()
    with pytest.raises(OSError, match="in use"):
        listener(book["tsa"])
    book.release_all()


def test_a_port_whose_grpc_neighbour_is_taken_is_not_chosen() -> None:
    for _ in range(50):
        with listener() as neighbour:
            number = neighbour.getsockname()[1]
            if number <= 30_000:
                continue
            book = PortBook()
            book.choose([Wish("s3", offsets=(0, SEAWEED_GRPC_OFFSET))], {"s3": number - SEAWEED_GRPC_OFFSET})
            book.release_all()
            assert book["s3"] != number - SEAWEED_GRPC_OFFSET
            return
    pytest.fail("the system gave no port above 30000")
