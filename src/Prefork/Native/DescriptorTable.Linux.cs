using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;

namespace Prefork.Native;

/// <summary>
/// What a process has open (proc_pid_fd(5)). .NET's enumeration of folders asks the file that each entry leads to what it is, and that file's system may not answer.
/// </summary>
internal static unsafe class DescriptorTable
{
    /// <summary>The numbers; none when there is no such process, or nobody may look.</summary>
    internal static List<int> Of(string process)
    {
        var numbers = new List<int>();
        var directory = Libc.OpenDirectory($"/proc/{process}/fd");
        if (directory == 0)
        {
            return numbers;
        }

        DirectoryEntry* entry;
        while ((entry = Libc.ReadDirectory(directory)) is not null)
        {
            var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry->Name);
            if (Utf8Parser.TryParse(name, out int number, out var length) && length == name.Length)
            {
                numbers.Add(number);
            }
        }

        _ = Libc.CloseDirectory(directory);
        return numbers;
    }

    /// <summary>What a number stands for, such as "socket:[4711]"; null when it cannot be read.</summary>
    internal static string? Target(string process, int number)
    {
        const int Most = 256;
        var target = stackalloc byte[Most];
        var length = (int)Libc.ReadLink($"/proc/{process}/fd/{number}", target, Most);
        return length < 0 ? null : Encoding.UTF8.GetString(target, length);
    }
}
