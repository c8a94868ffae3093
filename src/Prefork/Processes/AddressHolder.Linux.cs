using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Prefork.Native;

namespace Prefork.Processes;

/// <summary>Who has a port: from the kernel's tables of sockets (proc_pid_net(5)) and of what processes have open. Takes milliseconds, or more where there are many processes.</summary>
internal static class AddressHolder
{
    private const string Listens = "0A";
    private const string Bound = "07";

    /// <summary>The process; null when it is not known: another user's, one of another container, or gone.</summary>
    /// <param name="address">Null for every address.</param>
    /// <param name="port">The port.</param>
    /// <param name="udp">Whether it is of UDP.</param>
    internal static int? Find(IPAddress? address, int port, bool udp)
    {
        var sockets = new[] { udp ? "udp" : "tcp", udp ? "udp6" : "tcp6" }
            .SelectMany(file => Inodes(Lines($"/proc/self/net/{file}"), address, port, udp ? Bound : Listens))
            .Select(static inode => $"socket:[{inode}]")
            .ToHashSet();
        return sockets.Count == 0 ? null : ProcessTable.Pids().Where(pid => HasOne(pid, sockets)).Select(static pid => (int?)pid).FirstOrDefault();
    }

    /// <summary>The inodes of sockets that stand in the way of an address, in lines of such a table: local address, remote address, state, and the inode in the tenth column.</summary>
    internal static IEnumerable<string> Inodes(IEnumerable<string> lines, IPAddress? address, int port, string state)
        => lines.Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 9 && fields[3] == state && fields[9] != "0" && Matches(fields[1], address, port))
            .Select(static fields => fields[9]);

    private static bool Matches(string local, IPAddress? address, int port)
    {
        var parts = local.Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number) || number != port || Parse(parts[0]) is not { } bound)
        {
            return false;
        }

        return address is null || IsAny(address) || IsAny(bound) || bound.Equals(address) || bound.MapToIPv6().Equals(address.MapToIPv6());
    }

    /// <summary>Words of 32 bits, each as this machine has it in memory.</summary>
    private static IPAddress? Parse(string hexadecimal)
    {
        if (hexadecimal.Length is not (8 or 32))
        {
            return null;
        }

        var bytes = new byte[hexadecimal.Length / 2];
        for (var i = 0; i < bytes.Length; i += 4)
        {
            if (!uint.TryParse(hexadecimal.AsSpan(2 * i, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var word))
            {
                return null;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i), word);
        }

        return new IPAddress(bytes);
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool HasOne(int pid, HashSet<string> sockets)
    {
        var process = pid.ToString(CultureInfo.InvariantCulture);
        return DescriptorTable.Of(process).Exists(number => DescriptorTable.Target(process, number) is { } target && sockets.Contains(target));
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
