using System.Runtime.CompilerServices;

namespace Prefork.Native;

/// <summary>
/// sendmsg and recvmsg with descriptors in ancillary data (unix(7), SCM_RIGHTS). Never blocks, never raises SIGPIPE,
/// and what arrives is close-on-exec from the first instant.
/// </summary>
internal static unsafe class DescriptorMessage
{
    /// <summary>How many the kernel lets ride on one message (SCM_MAX_FD).</summary>
    internal const int MaxDescriptors = 253;

    /// <summary>
    /// For what else the kernel adds when somebody who shares the socket has asked for it (SO_PASSCRED, SO_PASSSEC, SO_TIMESTAMP). It comes first, and
    /// descriptors for which no room is left are closed within recvmsg, by the caller's thread, which then waits for whatever lingers.
    /// </summary>
    private const int OptionsRoom = 512;

    private static readonly int HeaderSize = sizeof(CmsgHdr);

    /// <summary>Sends bytes with descriptors attached to the first of them. Returns bytes sent, or -1 with <see cref="Errno.Last"/>.</summary>
    internal static int Send(int socket, ReadOnlySpan<byte> data, ReadOnlySpan<int> descriptors)
    {
        var controlLength = descriptors.IsEmpty ? 0 : HeaderSize + Align(descriptors.Length * sizeof(int));
        var control = stackalloc byte[controlLength];
        if (controlLength > 0)
        {
            var header = (CmsgHdr*)control;
            header->Length = (nuint)(HeaderSize + (descriptors.Length * sizeof(int)));
            header->Level = Linux.SOL_SOCKET;
            header->Type = Linux.SCM_RIGHTS;
            descriptors.CopyTo(new Span<int>(control + HeaderSize, descriptors.Length));
        }

        fixed (byte* bytes = data)
        {
            var vector = new IoVec { Base = bytes, Length = (nuint)data.Length };
            var message = new MsgHdr { Vectors = &vector, VectorCount = 1, Control = controlLength > 0 ? control : null, ControlLength = (nuint)controlLength };
            nint sent;
            do
            {
                sent = Libc.SendMsg(socket, &message, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
            }
            while (sent < 0 && Errno.Last == Linux.EINTR);
            return (int)sent;
        }
    }

    /// <summary>
    /// Sends each descriptor in a message of its own, of one byte, all in one system call (sendmmsg(2)).
    /// Returns how many were sent, from the first on, or -1 with <see cref="Errno.Last"/> when none was.
    /// </summary>
    internal static int SendEach(int socket, ReadOnlySpan<int> descriptors)
    {
        var controlLength = HeaderSize + Align(sizeof(int));
        var control = stackalloc byte[controlLength * descriptors.Length];
        var messages = stackalloc MMsgHdr[descriptors.Length];
        byte data = 1;
        var vector = new IoVec { Base = &data, Length = 1 };
        for (var i = 0; i < descriptors.Length; i++)
        {
            var header = (CmsgHdr*)(control + (i * controlLength));
            header->Length = (nuint)(HeaderSize + sizeof(int));
            header->Level = Linux.SOL_SOCKET;
            header->Type = Linux.SCM_RIGHTS;
            *(int*)((byte*)header + HeaderSize) = descriptors[i];
            messages[i] = new MMsgHdr
            {
                Message = new MsgHdr { Vectors = &vector, VectorCount = 1, Control = header, ControlLength = (nuint)controlLength },
            };
        }

        int sent;
        do
        {
            sent = Libc.SendMMsg(socket, messages, (uint)descriptors.Length, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
        }
        while (sent < 0 && Errno.Last == Linux.EINTR);
        return sent;
    }

    /// <summary>
    /// Receives bytes and the descriptors that come with them; the caller owns every descriptor returned.
    /// Returns bytes read, 0 at end of file, or -1 with <see cref="Errno.Last"/>.
    /// <paramref name="truncated"/>: the kernel threw descriptors away, because there was no room or this process is out of numbers.
    /// </summary>
    internal static int Receive(int socket, Span<byte> data, Span<int> descriptors, out int descriptorCount, out bool truncated)
    {
        var controlLength = HeaderSize + Align(descriptors.Length * sizeof(int)) + OptionsRoom;
        var control = stackalloc byte[controlLength];
        fixed (byte* bytes = data)
        {
            var vector = new IoVec { Base = bytes, Length = (nuint)data.Length };
            var message = new MsgHdr { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = (nuint)controlLength };
            nint received;
            do
            {
                received = Libc.RecvMsg(socket, &message, Linux.MSG_DONTWAIT | Linux.MSG_CMSG_CLOEXEC);
            }
            while (received < 0 && Errno.Last == Linux.EINTR);

            descriptorCount = 0;
            truncated = false;
            if (received >= 0)
            {
                truncated = (message.Flags & Linux.MSG_CTRUNC) != 0;
                descriptorCount = ReadRights(control, (int)message.ControlLength, descriptors);
            }

            return (int)received;
        }
    }

    private static int ReadRights(byte* control, int length, Span<int> descriptors)
    {
        var count = 0;
        var offset = 0;
        while (offset + HeaderSize <= length)
        {
            var header = (CmsgHdr*)(control + offset);
            if ((int)header->Length < HeaderSize)
            {
                break;
            }

            var numbers = new ReadOnlySpan<int>(control + offset + HeaderSize, ((int)header->Length - HeaderSize) / sizeof(int));
            switch (header->Level, header->Type)
            {
                case (Linux.SOL_SOCKET, Linux.SCM_RIGHTS):
                    foreach (var number in numbers)
                    {
                        if (count < descriptors.Length)
                        {
                            descriptors[count++] = number;
                        }
                        else
                        {
                            // More than was asked for, which nobody sends.
                            _ = Libc.Close(number);
                        }
                    }

                    break;
                case (Linux.SOL_SOCKET, Linux.SCM_PIDFD) when !numbers.IsEmpty:
                    // Whoever shares the socket has asked for it (SO_PASSPIDFD). Nobody here has.
                    _ = Libc.Close(numbers[0]);
                    break;
            }

            offset += Align((int)header->Length);
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Align(int length) => (length + 7) & ~7;
}
