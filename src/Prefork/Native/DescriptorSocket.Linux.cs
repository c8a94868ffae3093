using System.Net.Sockets;

namespace Prefork.Native;

/// <summary>
/// Where a Socket is made of a descriptor, and nowhere else. .NET takes it that such a descriptor blocks. Whether it does is a property of the open
/// socket, which others may share; when it does not, .NET must be told, or the first synchronous call fails. Told so, it waits by itself.
/// </summary>
internal static class DescriptorSocket
{
    /// <summary>Takes ownership of the descriptor.</summary>
    internal static Socket From(FileDescriptor descriptor) => Agreeing(new Socket(HandleOf(descriptor)));

    /// <summary>Takes ownership of the descriptor: for a kind of Socket of its own, which then has to go through <see cref="Agreeing"/>.</summary>
    internal static SafeSocketHandle HandleOf(FileDescriptor descriptor) => new(descriptor.Release(), ownsHandle: true);

    /// <summary>The Socket, which now knows whether its descriptor blocks.</summary>
    internal static T Agreeing<T>(T socket)
        where T : Socket
    {
        if ((Libc.Fcntl((int)socket.Handle, Linux.F_GETFL, 0) & Linux.O_NONBLOCK) != 0)
        {
            SetNonBlocking(socket);
        }

        return socket;
    }

    /// <summary>
    /// Makes the open socket non-blocking for everybody who has a descriptor of it; this Socket itself stays as it says it is, and waits by itself
    /// if it says that it blocks.
    /// </summary>
    internal static void SetNonBlocking(Socket socket)
    {
        var blocks = socket.Blocking;
        socket.Blocking = false;
        socket.Blocking = blocks;
    }
}
