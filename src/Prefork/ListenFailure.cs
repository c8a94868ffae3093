using System.Net.Sockets;

namespace Prefork;

/// <summary>Why a worker could not listen.</summary>
/// <param name="Address">What it asked for.</param>
/// <param name="Error">What the system says.</param>
/// <param name="HolderProcessId">Who has the address, when it is in use and that can be known; else null.</param>
/// <param name="Message">The same in words, such as "could not listen on 127.0.0.1:8080: in use by pid 4711".</param>
public sealed record ListenFailure(ListeningAddress Address, SocketError Error, int? HolderProcessId, string Message);
