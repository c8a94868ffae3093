using System.Net.Sockets;

namespace Prefork.Sockets;

/// <summary>An address that somebody else has, with his process id where it is known.</summary>
internal sealed class AddressInUseException(int? holder, string message) : SocketException((int)SocketError.AddressAlreadyInUse, message)
{
    internal int? Holder { get; } = holder;
}
